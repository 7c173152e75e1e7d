"""Lineages: which cell of a time-lapse is the daughter of which."""
