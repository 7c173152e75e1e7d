"""Labels to disk: exports and provenance."""
