"""Smooth random fields and the Fourier filters behind them.

Everything is periodic: a field tiles the plane without a seam, so that one field
serves as texture for any number of cells. Knows nothing of cells or cameras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq
from scipy.ndimage import map_coordinates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.arrays import Shape2D

Field: TypeAlias = NDArray[np.float32]
"""(Y, X) of float32."""

Place: TypeAlias = tuple[slice, slice]
"""Rows and columns of a plane."""


def blur_exponent(shape: Shape2D, *, half: bool = True) -> Field:
    """2 (pi f)^2 of each Fourier coefficient f, in cycles per pixel.

    exp(-sigma^2 * blur_exponent) is the filter of a Gaussian blur by `sigma` pixels.

    Returns
    -------
    (Y, X // 2 + 1), as real transforms need it, or (Y, X) if not `half`.
    """
    rows = fftfreq(shape[0])[:, None]
    columns = (rfftfreq if half else fftfreq)(shape[1])[None, :]
    exponent: Field = (2 * np.pi**2 * (rows**2 + columns**2)).astype(np.float32)
    return exponent


def blurred(plane: Field, sigma: float) -> Field:
    """A plane after a periodic Gaussian blur of `sigma` pixels."""
    transfer = np.exp(-(sigma**2) * blur_exponent(plane.shape))
    result: Field = irfft2(rfft2(plane) * transfer, s=plane.shape)
    return result


def smooth_noise(rng: np.random.Generator, shape: Shape2D, sigma: float) -> Field:
    """Gaussian noise of mean 0 and deviation 1, blurred by `sigma` pixels."""
    noise = blurred(rng.standard_normal(shape, dtype=np.float32), sigma)
    noise -= noise.mean()
    noise /= noise.std()
    return noise


def mixed_noise(
    rng: np.random.Generator, shape: Shape2D, parts: Sequence[tuple[float, float]]
) -> Field:
    """A sum of smooth noises, deviation 1.

    Parameters
    ----------
    rng
        Source of the noise.
    shape
        Rows and columns.
    parts
        (weight, sigma in pixels) of each noise.
    """
    total = np.zeros(shape, np.float32)
    for weight, sigma in parts:
        total += weight * smooth_noise(rng, shape, sigma)
    total /= total.std()
    return total


def look_up(field: Field, rows: Field, columns: Field) -> Field:
    """A periodic field at any coordinates, interpolated linearly."""
    result: Field = map_coordinates(field, (rows, columns), order=1, mode="grid-wrap")
    return result
