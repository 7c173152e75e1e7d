"""The dock "DINOCell: Batch"."""
