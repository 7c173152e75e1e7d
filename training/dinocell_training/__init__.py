"""Teach DinoCell models: image/label pairs in, checkpoint out.

May import `napari_dinocell.engine`; knows neither Qt nor napari.
"""
