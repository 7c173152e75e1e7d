"""The dock "Measure"."""
