"""Image to distance map: contrast, scale, tiles, prediction."""
