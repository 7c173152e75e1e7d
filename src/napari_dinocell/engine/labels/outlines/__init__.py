"""Outlines of cells that others or we have drawn, filled again to labels."""
