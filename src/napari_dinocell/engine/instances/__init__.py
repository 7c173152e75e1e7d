"""Distance map to labels: live watershed, and how labels are scored."""
