"""The dock "DINOCell: Segment"."""
