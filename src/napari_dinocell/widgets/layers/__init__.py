"""Layers of the viewer as images and labels, and results as layers."""
