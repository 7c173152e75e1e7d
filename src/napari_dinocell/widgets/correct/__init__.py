"""The dock "DINOCell: Correct"."""
