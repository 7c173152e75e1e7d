"""OME-Zarr 0.4 and 0.5: images, plates and collections, read lazily."""
