"""What a phase contrast microscope makes of a sample that only delays light.

The plate in the objective dims the direct light and shifts it by a quarter wave. As
it is not infinitely small, it also catches light that was bent a little: hence the
bright halos around cells and the pale middle of wide flat ones (modelled likewise by
Yin et al. 2012, Medical Image Analysis 16: 1047). Knows neither cells nor the camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import fft2, ifft2

from dinocell_training.scenes.fields import blur_exponent

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field

PLATE_AMPLITUDE = 0.55
"""Share of the amplitude of direct light that passes the plate."""

CATCH = ((0.7, 2.8), (0.3, 7.0))
"""(share, blur in pixels) of what the plate takes for direct light."""

SHARPNESS = 0.7
"""Pixels: standard deviation of the point spread function."""

DEFOCUS = -0.5
"""Square pixels; a trace of it gives edges the fringes of a real objective."""


def phase_contrast(delay: Field) -> Field:
    """Image (Y, X), 1 where nothing delays the light, darker where something does.

    Parameters
    ----------
    delay
        (Y, X), radians; positive where the sample is denser than the medium.
    """
    exponent = blur_exponent(delay.shape, half=False)
    caught = sum(share * np.exp(-(radius**2) * exponent) for share, radius in CATCH)
    # the plate replaces what it catches by the same, dimmed and a quarter wave late
    plate = 1 - (1 + 1j * PLATE_AMPLITUDE) * caught
    lens = np.exp(-(SHARPNESS**2 + 1j * DEFOCUS) * exponent)
    spectrum = fft2(np.exp(1j * delay).astype(np.complex64))
    amplitude = ifft2(spectrum * (plate * lens).astype(np.complex64))
    image: Field = np.abs(amplitude) ** 2 / np.float32(PLATE_AMPLITUDE**2)
    return image
