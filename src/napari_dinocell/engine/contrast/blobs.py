"""Bright blobs that dwarf all else in a plane: debris, bubbles, fibres.

They do not set its white. Those that fade out slowly, as what lies out of focus does,
are foreign: no cells are looked for there. A cell that is far brighter than the others
has an edge, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.contrast.sample import sampled

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
    bright = np.empty(plane.shape, np.uint8)
    np.greater(plane, np.float64(low + BRIGHT * (high - low)), out=bright.view(bool))
    side = 2 * GLOW + 1
    beside = cv2.dilate(bright, np.ones((side, side), np.uint8))
    lit = cv2.countNonZero(beside) / beside.size
    if lit == 0 or lit > LARGEST_BLOBS:
        return high, None
    rest = sampled(plane)[sampled(beside) == 0]
    del beside
    rest = rest[np.isfinite(rest)].astype(np.float64)
    if rest.size == 0:
        return high, None
    middle, white = np.percentile(rest, (50, percentile))
    if not least < white - low < DWARFED * (high - low):
        return high, None
    return float(white), _foreign(plane, bright, float(middle), float(white))


def _foreign(
    plane: NDArray[Any], bright: NDArray[np.uint8], middle: float, white: float
) -> NDArray[np.bool_] | None:
    """Where (Y, X) blobs lie that fade out slowly."""
    _, blobs, boxes, _ = cv2.connectedComponentsWithStats(
        (plane > np.float64(white)).astype(np.uint8), connectivity=8
    )
    foreign = np.zeros(plane.shape, bool)
    for number in np.unique(blobs[bright > 0]):
        left, top, width, height, _ = boxes[number]
        box = (slice(top, top + height), slice(left, left + width))
        inside = blobs[box] == number
        values = plane[box][inside].astype(np.float64)
        core = values > middle + (float(values.max()) - middle) / 2
        if number and core.mean() < CORE:
            foreign[box] |= inside
    return foreign if foreign.any() else None
