"""The dock "Correct"."""
