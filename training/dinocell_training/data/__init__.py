"""Images with labels on disk: which there are, who validates, what labels teach."""
