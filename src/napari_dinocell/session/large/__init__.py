"""Planes too large for memory: block by block, from where the user looks."""
