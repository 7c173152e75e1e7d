"""Teach a model with corrected examples, in about a minute."""
