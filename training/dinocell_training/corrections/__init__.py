"""The corrections folder: examples that a user vouched for."""
