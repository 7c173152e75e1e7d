"""Size, place and second moments of cells, from their runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.runs import CellRuns, Floats

_ROUNDING = 1e-12
"""Relative; smaller differences of moments are those of the arithmetic."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Bounding boxes of N cells, in pixels, each as the slices of a crop."""

    top: NDArray[np.int64]
    left: NDArray[np.int64]
    bottom: NDArray[np.int64]
    """First row below the cell."""
    right: NDArray[np.int64]
    """First column to its right."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of N cells, in pixels and their squares."""

    area: Floats
    y: Floats
    """Centroid; the centre of the first pixel is 0."""
    x: Floats
    yy: Floats
    """Variance of the pixels' rows."""
    xx: Floats
    yx: Floats
    """Covariance of their rows and columns."""


def bounding_boxes(runs: CellRuns) -> Boxes:
    """Smallest boxes around the cells."""
    return Boxes(
        top=runs.smallest(runs.rows),
        left=runs.smallest(runs.columns),
        bottom=runs.largest(runs.rows) + 1,
        right=runs.largest(runs.columns + runs.lengths),
    )


def touch_border(runs: CellRuns, boxes: Boxes) -> NDArray[np.bool_]:
    """Whether each cell has a pixel on the edge of the plane."""
    height, width = runs.shape
    at_start = (boxes.top == 0) | (boxes.left == 0)
    touches: NDArray[np.bool_] = (
        at_start | (boxes.bottom == height) | (boxes.right == width)
    )
    return touches


def find_moments(runs: CellRuns) -> Moments:
    """Area, centroid and second central moments of the pixels' centres."""
    length = runs.lengths
    middle = runs.columns + (length - 1) / 2
    area = runs.total(length)
    y = runs.total(length * runs.rows) / area
    x = runs.total(length * middle) / area
    down, right = runs.rows - y[runs.cells], middle - x[runs.cells]
    own = length * (length * length - 1) / 12  # of a run's pixels about its middle
    return Moments(
        area=area,
        y=y,
        x=x,
        yy=runs.total(length * down**2) / area,
        xx=runs.total(length * right**2 + own) / area,
        yx=runs.total(length * down * right) / area,
    )


def ellipse_of(moments: Moments, spacing: tuple[float, float]) -> tuple[Floats, Floats]:
    """Eccentricity and orientation of the ellipse with the same second moments.

    Parameters
    ----------
    moments
        In pixels.
    spacing
        Distance of neighbouring pixels down and across: a circle of the specimen is
        one here, too, where pixels are no squares.

    Returns
    -------
    Eccentricity (N,) from 0, a circle or a single pixel, to 1, a line; and the angle
    (N,) between the y axis and the major axis, in radians from -π/2 to π/2,
    positive towards +x. As `skimage.measure.regionprops` has both, with its
    convention of -π/4 where there is no major axis.
    """
    down, across = spacing
    yy, xx = moments.yy * down**2, moments.xx * across**2
    yx = moments.yx * down * across
    size = yy + xx
    yx[np.abs(yx) <= _ROUNDING * size] = 0
    difference = np.where(np.abs(yy - xx) <= _ROUNDING * size, 0.0, yy - xx)
    spread = np.hypot(difference, 2 * yx)
    major, minor = (size + spread) / 2, np.maximum(size - spread, 0) / 2
    ratio = np.divide(minor, major, out=np.ones_like(major), where=major > 0)
    ratio[ratio <= _ROUNDING] = 0
    tilted = np.where(yx > 0, np.pi / 4, -np.pi / 4)
    angle = np.where(difference == 0, tilted, np.arctan2(2 * yx, difference) / 2)
    return np.sqrt(1 - ratio), angle
