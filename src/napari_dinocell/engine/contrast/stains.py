"""How much of a dye has absorbed light, pixel by pixel: colour deconvolution.

Beer and Lambert: optical densities of dyes add up, and each dye has its own colour.
Three dyes and three channels make a linear system (Ruifrok & Johnston 2001, Anal Quant
Cytol Histol 23:291), solved for one of them. Directions are fixed, so that a pixel's
amount depends on that pixel alone: crops, pages and files can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands, safe_real_type
from napari_dinocell.engine.contrast.weighted_sum import weighted_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

DENSITIES = np.array(
    [
        [0.65, 0.70, 0.29],  # hematoxylin
        [0.07, 0.99, 0.11],  # eosin
        [0.27, 0.57, 0.78],  # diaminobenzidine
    ]
)
"""Optical densities of a dye in red, green and blue, as `skimage.color.rgb2hed`."""

HEMATOXYLIN = np.linalg.inv(DENSITIES)[:, 0]
"""Weights of the densities in red, green and blue that make up hematoxylin's amount."""

DEEPEST = 255
"""Pixels are at most so many times darker than the brightest: 0 has no logarithm."""


def hematoxylin(
    pixels: NDArray[Any], *, brightest: float | None = None
) -> NDArray[np.float32]:
    """Amount of hematoxylin, the blue-purple dye of nuclei.

    Parameters
    ----------
    pixels
        (Y, X, 3) red, green and blue; integers or floats. White is the largest value of
        an integer type and 1 for floats: another white adds the same to every pixel.
    brightest
        What `brightest_of` finds in the picture that the pixels are a part of; None
        takes them for a whole one.

    Returns
    -------
    Plane (Y, X), in natural logarithms; nuclei are bright. Negative where light was
    lost in other colours. NaN stays NaN.
    """
    height, width, _ = pixels.shape
    plane = np.zeros((height, width), np.float32)
    brightest = brightest_of(pixels) if brightest is None else brightest
    if brightest <= 0:
        return plane
    darkest = brightest / DEEPEST
    part = _by_table if pixels.dtype.kind == "u" and pixels.itemsize <= 2 else _exact
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_bands((height, width * 3)):
            plane[rows] = part(pixels[rows], darkest)
    return plane


def optical_density(values: NDArray[Any], darkest: float) -> NDArray[Any]:
    """Light lost, in natural logarithms, of intensities of any shape."""
    top = np.iinfo(values.dtype).max if values.dtype.kind in "ui" else 1.0
    real = values.astype(safe_real_type(values.dtype))
    density: NDArray[Any] = np.log(top) - np.log(np.maximum(real, darkest))
    return density


def _exact(pixels: NDArray[Any], darkest: float) -> NDArray[Any]:
    density = optical_density(pixels, darkest)
    return weighted_sum(density, HEMATOXYLIN.astype(density.dtype))


def _by_table(pixels: NDArray[Any], darkest: float) -> NDArray[Any]:
    """The same for 8 and 16 bit, with one logarithm per value instead of per pixel."""
    values = np.arange(np.iinfo(pixels.dtype).max + 1).astype(pixels.dtype)
    density = optical_density(values, darkest)
    red, green, blue = (
        (density * weight).astype(np.float32)[pixels[..., channel]]
        for channel, weight in enumerate(HEMATOXYLIN)
    )
    amount: NDArray[Any] = red + green + blue
    return amount


def brightest_of(pixels: NDArray[Any]) -> float:
    """Largest finite value of (Y, X, 3); 0 if there is none above."""
    height, width, _ = pixels.shape
    largest = 0.0
    for rows in row_bands((height, width * 3)):
        part = pixels[rows]
        part = part[np.isfinite(part)] if part.dtype.kind == "f" else part
        largest = max(largest, float(part.max(initial=0)))
    return largest
