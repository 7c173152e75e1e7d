"""Lineages of labels that are shown, and their corrections."""
