"""Label images of OME-Zarr: their pyramid, and their place in the image's own store."""
