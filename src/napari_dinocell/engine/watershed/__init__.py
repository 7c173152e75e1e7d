"""Distance map to labels: the live watershed."""
