"""Convex area: how many pixels the convex hull of each cell covers.

The definition is that of `skimage.morphology.convex_hull_image`, and so of
`regionprops`: the hull of the middles of all pixel edges, and the pixels whose centre
lies in it or on it. Coordinates are doubled, so that all of it is exact in integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.runs import CellRuns, Floats, Index

_DIAMOND = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]], np.int32)
"""Middles of the edges of a pixel, (x, y) from its centre, in half pixels."""


def convex_areas(runs: CellRuns) -> Floats:
    """Pixels (N,) in the convex hull of each cell; at least those of the cell."""
    if runs.count == 0:
        return np.zeros(0)
    corners, cells = _hulls(runs)
    return _pixels_inside(corners, cells, runs.count)


def _hulls(runs: CellRuns) -> tuple[Index, Index]:
    """Corners (K, 2) of all hulls, (x, y) doubled, and the cell (K,) of each."""
    order = np.argsort(runs.cells, kind="stable")
    sizes = np.bincount(runs.cells, minlength=runs.count)
    stops = 2 * np.cumsum(sizes)
    points = _ends_of(runs, order)
    hulls = []
    for start, stop in zip(stops - 2 * sizes, stops, strict=True):
        # The hull of a sum is the hull of the summed corners: far fewer diamonds.
        outline = cv2.convexHull(points[start:stop])
        diamonds = outline + _DIAMOND  # (corners, 1, 2) + (4, 2)
        hulls.append(cv2.convexHull(diamonds.reshape(-1, 2)).reshape(-1, 2))
    cells = np.repeat(np.arange(runs.count), [len(hull) for hull in hulls])
    return np.concatenate(hulls).astype(np.int64), cells


def _ends_of(runs: CellRuns, order: Index) -> NDArray[np.int32]:
    """First and last pixel (2R, 2) of the runs in this order, (x, y) doubled."""
    points = np.empty((len(order), 2, 2), np.int32)
    first = runs.columns[order]
    points[:, 0, 0] = 2 * first
    points[:, 1, 0] = 2 * (first + runs.lengths[order] - 1)
    points[:, :, 1] = 2 * runs.rows[order, np.newaxis]
    return points.reshape(-1, 2)


def _pixels_inside(corners: Index, cells: Index, count: int) -> Floats:
    """Sum, over the rows of each hull, the pixels from its left to its right side.

    Tops and bottoms lie between rows, so that each row crosses one edge of each side;
    the direction of an edge tells the side.
    """
    following = np.roll(corners, -1, axis=0)
    last = np.flatnonzero(np.append(np.diff(cells), 1))
    first = np.append(0, last[:-1] + 1)
    following[last] = corners[first]
    is_right = corners[:, 1] < following[:, 1]
    upper = np.where(is_right[:, np.newaxis], corners, following)
    lower = np.where(is_right[:, np.newaxis], following, corners)
    start, stop = -(-upper[:, 1] // 2), -(-lower[:, 1] // 2)
    crossed = stop - start  # rows of pixels; the doubled y of row r is 2 r
    edge = np.repeat(np.arange(len(cells)), crossed)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed, crossed)
    height = lower[edge, 1] - upper[edge, 1]
    width = lower[edge, 0] - upper[edge, 0]
    below = 2 * (row + start[edge]) - upper[edge, 1]
    place, unit = upper[edge, 0] * height + width * below, 2 * height
    right = is_right[edge]
    ends = np.where(right, place // unit + 1, place // -unit)  # -ceil on the left
    areas = np.bincount(cells[edge], ends, minlength=count)
    return areas.astype(np.float64, copy=False)
