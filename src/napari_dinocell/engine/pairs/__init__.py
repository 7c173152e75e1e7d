"""Nuclei and the cells that they lie in."""
