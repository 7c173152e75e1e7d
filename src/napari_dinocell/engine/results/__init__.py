"""Labels to disk: image files, exports, provenance."""
