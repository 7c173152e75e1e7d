"""Examples in a corrections folder: what is kept of labels, and the jobs that do it."""
