"""Planes that no memory holds, block by block: the labels are those of the whole plane.

Knows neither dask nor napari, nor how jobs are sent anywhere.
"""
