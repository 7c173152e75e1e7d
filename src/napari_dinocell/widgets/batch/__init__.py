"""The dock "Batch"."""
