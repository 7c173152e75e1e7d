"""The dock "DINOCell: Measure"."""
