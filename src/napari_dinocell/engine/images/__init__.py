"""Image files of any kind, as planes to segment."""
