"""What a wide-field fluorescence microscope makes of the light of cells.

Sharp light is blurred by the point spread function; some of it comes as haze, since
the whole depth of the sample shines. Knows neither cells nor the camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfft2, rfft2

from dinocell_training.scenes.fields import blur_exponent

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field, Place
    from napari_dinocell.engine.arrays import Shape2D

SHARPNESS = 1.0
"""Pixels: standard deviation of the point spread function in focus."""

HAZE = ((0.15, 5.0), (0.11, 20.0))
"""(share of the light, blur in pixels) of what is scattered or out of focus."""

FOCAL_STEP = 1.2
"""Pixels of blur between two focal planes."""

FOCAL_PLANES = 4

DEEPEST = FOCAL_STEP * (FOCAL_PLANES - 1)
"""Pixels: blur of the last focal plane."""


class FocalStack:
    """The light of a sample, sorted into planes by how much it is out of focus."""

    def __init__(self, shape: Shape2D) -> None:
        self._light = np.zeros((FOCAL_PLANES, *shape), np.float32)
        self._used = {0}

    def add(self, place: Place, light: Field, *, defocus: float = 0.0) -> None:
        """Add light where it lies; `defocus` is its additional blur in pixels."""
        plane = min(round(defocus / FOCAL_STEP), FOCAL_PLANES - 1)
        self._light[(plane, *place)] += light
        self._used.add(plane)

    def widefield(self) -> Field:
        """The image (Y, X), in which all the light arrives somewhere."""
        exponent = blur_exponent(self._light.shape[1:])
        haze = sum(share * np.exp(-(sigma**2) * exponent) for share, sigma in HAZE)
        sharp_share = 1 - sum(share for share, _ in HAZE)
        spectrum = np.zeros(exponent.shape, np.complex64)
        for plane in sorted(self._used):
            variance = SHARPNESS**2 + (FOCAL_STEP * plane) ** 2
            transfer = sharp_share * np.exp(-variance * exponent) + haze
            spectrum += transfer * rfft2(self._light[plane])
        image: Field = irfft2(spectrum, s=self._light.shape[1:])
        return image
