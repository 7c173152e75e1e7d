"""The dock "Segment"."""
