"""How much of a plane is noise, and whether anything stands out of it.

The noise is measured on the diagonal detail of 2 x 2 pixels (the finest Haar wavelet),
which cells hardly reach, by its median absolute deviation (Donoho and Johnstone 1994).
Cells change a plane over several pixels, and only in places: what is blurred a little
then has extremes far beyond those of a normal distribution, which noise of no kind has.
"""

from __future__ import annotations

import math
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D

SAMPLED_SIDE = 1024
"""Noise is measured on so many rows and columns at most, cut from the middle."""

QUANTISATION = 0.4
"""Least noise in steps of the intensities: rounding alone makes 0.29 of one."""

GRID = 2**17
"""So many pixels tell a median."""

STEP_SAMPLE = 2**16
"""So many pixels tell the step between neighbouring intensities."""

FEW_LEVELS = 16
"""A picture with fewer different intensities says little of the step between them."""

WIDEST_STEP = 257.0
"""Of 16-bit integers: 8 bits, spread over 16."""

NORMAL = 0.6745
"""Median absolute deviation of a normal distribution of standard deviation 1."""

BLURS = (2.0, 4.0)
"""Standard deviations of the Gaussians whose differences show objects, in pixels."""

BEYOND_NOISE = 1.0
"""Standard deviations beyond the largest that white noise of the same area reaches,
sqrt(2 ln n) of n pixels: blurred noise of 0.01 to 1 Mpx stayed 0.6 and more below."""

TEXTURE = 1.2
"""More structure than this, against the noise, is texture and no noise (stained tissue
and packed cells fill the plane so that nothing stands out): white noise has 0.09, noise
after JPEG compression up to 1."""

SMALLEST_SIDE = 48
"""Smaller planes hold too little to say that nothing stands out."""

HUGE = 1e6
"""Standard deviations of the noise beyond which more makes no difference."""

LEAST_SPREAD = 0.05
"""Of a blurred plane, in standard deviations of the noise: what is even smoother."""


def noise_level(plane: NDArray[Any]) -> float:
    """Standard deviation of the noise of a plane (Y, X), in its own intensities.

    At least what rounding to the plane's steps makes. NaN and infinities are left
    out. Objects on less than about half of the area do not raise it.
    """
    rows, columns = (_middle(length) for length in plane.shape)
    least = QUANTISATION * _step(plane[rows, columns])
    part = plane[rows, columns].astype(np.float64)
    height, width = (length // 2 * 2 for length in part.shape)
    part = part[:height, :width]
    with np.errstate(invalid="ignore", over="ignore"):
        across = part[:, ::2] - part[:, 1::2]
        detail = np.abs(across[::2] - across[1::2]) / 2
    detail = detail[np.isfinite(detail)]
    spread = float(np.median(detail)) / NORMAL if detail.size else 0.0
    return max(spread, least)


class Content(Enum):
    """What a plane holds, judged without a model."""

    NOISE = auto()
    """Nothing stands out. Gradients, vignettes and haze, smoother than the edges of
    cells, do not count."""
    TEXTURE = auto()
    """Nothing stands out, but there is more than noise: packed cells, or noise that
    was blurred or compressed."""
    OBJECTS = auto()
    """Something stands out."""


def content_of(plane: NDArray[Any], noise: float) -> Content:
    """Judge whether something in a plane (Y, X) stands out of noise of this level.

    What is too small, or a picture of two levels, cannot be judged: it may hold some.
    """
    judged = min(plane.shape) >= SMALLEST_SIDE and noise > 0
    if not judged or _levels(plane).size <= 2:
        return Content.OBJECTS
    found = Content.NOISE
    for rows in _bands(plane.shape):
        band = _content_of_band(plane[rows], noise)
        if band is Content.OBJECTS:
            return band
        found = found if band is Content.NOISE else band
    return found


def _bands(shape: Shape2D) -> Iterator[slice]:
    """Slices of whole rows, each tall enough to be judged; the last may overlap."""
    for rows in row_bands(shape):
        yield slice(max(0, min(rows.start, rows.stop - 2 * SMALLEST_SIDE)), rows.stop)


def _content_of_band(band: NDArray[Any], noise: float) -> Content:
    units = _in_units_of(band, noise)
    if units is None:
        return Content.NOISE
    found = Content.NOISE
    for blur in BLURS:
        detail = _detail(units, blur)
        grid = _grid(detail)
        middle = float(np.median(grid))
        spread = float(np.median(np.abs(grid - middle))) / NORMAL
        largest = max(float(detail.max()) - middle, middle - float(detail.min()))
        extreme = math.sqrt(2 * math.log(detail.size)) + BEYOND_NOISE
        if largest > extreme * max(spread, LEAST_SPREAD):
            return Content.OBJECTS
        found = Content.TEXTURE if spread > TEXTURE else found
    return found


def _in_units_of(band: NDArray[Any], noise: float) -> NDArray[np.float32] | None:
    """Rows in standard deviations of the noise; None without a finite pixel."""
    grid = _grid(band).astype(np.float64)
    grid = grid[np.isfinite(grid)]
    if grid.size == 0:
        grid = band[np.isfinite(band)].astype(np.float64)
    if grid.size == 0:
        return None
    middle = np.median(grid)
    if band.dtype.itemsize <= 2 and band.dtype.kind in "ui":
        exact = band.astype(np.float32)
        exact -= np.float32(middle)
        exact /= np.float32(noise)
        return exact
    with np.errstate(invalid="ignore", over="ignore"):
        units = np.clip((band.astype(np.float64) - middle) / noise, -HUGE, HUGE)
    units[~np.isfinite(band)] = 0
    return units.astype(np.float32)


def _grid(plane: NDArray[Any], pixels: int = GRID) -> NDArray[Any]:
    """A regular grid of about so many pixels; as a rule enough for a median."""
    step = max(1, round((plane.size / pixels) ** 0.5))
    grid: NDArray[Any] = plane[::step, ::step]
    return grid


def _detail(units: NDArray[np.float32], blur: float) -> NDArray[np.float32]:
    """Difference of two Gaussians, without the margin where the border is felt."""
    fine, coarse = (
        cv2.GaussianBlur(units, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        for sigma in (blur, 2 * blur)
    )
    margin = min(round(4 * blur), min(units.shape) // 6)
    height, width = units.shape
    inside = slice(margin, height - margin), slice(margin, width - margin)
    detail: NDArray[np.float32] = (fine - coarse)[inside]
    return detail


def _middle(length: int) -> slice:
    start = max(0, (length - SAMPLED_SIDE) // 2)
    return slice(start, start + SAMPLED_SIDE)


def _step(part: NDArray[Any]) -> float:
    """Step between neighbouring intensities, as far as the pixels tell it.

    Integers of 8 bits have steps of 1; wider ones up to 257, where 8 bits were spread
    over 16. A picture of few levels, such as a mask, says nothing of larger steps.
    """
    levels = _levels(part)
    if levels.size < 2:
        return 0.0
    if part.dtype.kind == "f":
        widest = float(levels[-1] - levels[0]) / FEW_LEVELS
    else:
        few = levels.size < FEW_LEVELS
        widest = 1.0 if few or part.dtype.itemsize != 2 else WIDEST_STEP
    return min(float(np.diff(levels).min()), widest)


def _levels(plane: NDArray[Any]) -> NDArray[np.float64]:
    """Different intensities of a grid of the pixels, ascending."""
    sample = _grid(plane, STEP_SAMPLE).astype(np.float64)
    return np.unique(sample[np.isfinite(sample)])
