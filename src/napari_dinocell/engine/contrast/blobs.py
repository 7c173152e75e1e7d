"""Bright blobs that dwarf all else in a plane: debris, bubbles, fibres.

They do not set its white. Those that fade out slowly, as what lies out of focus does,
are foreign: no cells are looked for there. A cell that is far brighter than the others
has an edge, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands
from napari_dinocell.engine.contrast.sample import sampling_stride

if TYPE_CHECKING:
    from numpy.typing import NDArray

BRIGHT = 0.25
"""Blobs are what lies above this part of the span."""

GLOW = 10
"""Pixels around a blob that may still be lit by it."""

LARGEST_BLOBS = 0.2
"""Blobs, with their glow, that cover more of a plane are its cells."""

DWARFED = 0.125
"""The rest of the plane spans less than this part of what the blobs span."""

CORE = 0.4
"""A blob fades out slowly if less than this part of its area is above half of its
height: 0.25 for a Gaussian 15 times as high as the cells, 0.6 and more for cells."""


def white_beside_blobs(
    plane: NDArray[Any], low: float, high: float, *, percentile: float, least: float
) -> tuple[float, NDArray[np.bool_] | None]:
    """White of a plane (Y, X) in which a few bright blobs dwarf all else.

    Parameters
    ----------
    plane
        Without outliers.
    low, high
        Its limits with the blobs.
    percentile
        Of the rest of the plane, that becomes white.
    least
        What the rest has to span to be worth seeing: noise does not count.

    Returns
    -------
    Its white: `high`, unless the rest spans a small part of it, but more than `least`;
    and where (Y, X) it is foreign, None if nowhere.
    """
    level = np.float64(low + BRIGHT * (high - low))
    lit, rest = _beside(plane, level)
    if lit == 0 or lit > LARGEST_BLOBS:
        return high, None
    rest = rest[np.isfinite(rest)].astype(np.float64)
    if rest.size == 0:
        return high, None
    middle, white = np.percentile(rest, (50, percentile))
    if not least < white - low < DWARFED * (high - low):
        return high, None
    return float(white), _foreign(plane, level, float(middle), float(white))


def _beside(plane: NDArray[Any], level: np.float64) -> tuple[float, NDArray[Any]]:
    """Share of a plane (Y, X) that is above a level or near such pixels, and the rest.

    The rest is a sample, in bands of rows: no mask of the plane is held.
    """
    side = 2 * GLOW + 1
    lit, step = 0, sampling_stride(plane.shape)
    rest = [np.zeros(0, plane.dtype)]
    for rows in row_bands((plane.shape[0], plane.shape[1])):
        top = max(0, rows.start - GLOW)
        pixels = plane[top : rows.stop + GLOW]
        bright = np.greater(pixels, level).view(np.uint8)
        beside = cv2.dilate(bright, np.ones((side, side), np.uint8))
        inside = slice(rows.start - top, rows.stop - top)
        lit += cv2.countNonZero(beside[inside])
        first = -(-rows.start // step) * step - top
        thinned = slice(first, inside.stop, step), slice(None, None, step)
        rest.append(pixels[thinned][beside[thinned] == 0])
    return lit / plane.size, np.concatenate(rest)


def _foreign(
    plane: NDArray[Any], level: np.float64, middle: float, white: float
) -> NDArray[np.bool_] | None:
    """Where (Y, X) blobs lie that fade out slowly."""
    bands = list(row_bands((plane.shape[0], plane.shape[1])))
    high = np.empty(plane.shape, np.uint8)
    for rows in bands:
        np.greater(plane[rows], np.float64(white), out=high[rows].view(bool))
    _, blobs, boxes, _ = cv2.connectedComponentsWithStats(high, connectivity=8)
    bright = [np.unique(blobs[rows][plane[rows] > level]) for rows in bands]
    foreign = np.zeros(plane.shape, bool)
    for number in np.unique(np.concatenate(bright)):
        left, top, width, height, _ = boxes[number]
        box = (slice(top, top + height), slice(left, left + width))
        inside = blobs[box] == number
        values = plane[box][inside].astype(np.float64)
        core = values > middle + (float(values.max()) - middle) / 2
        if number and core.mean() < CORE:
            foreign[box] |= inside
    return foreign if foreign.any() else None
