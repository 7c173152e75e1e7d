"""Corrections of labels, cell by cell; what the user has locked stays."""
