"""Corrections that follow a drawing: split along a line, add and redraw an outline.

Drawings are points (N, 2) in pixels (y, x); the centre of the first pixel is (0, 0).
Each function returns an `Edit`; nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_dinocell.engine.edit.edit import (
    Edit,
    Region,
    check_new_id,
    check_unlocked,
    find_cell,
    grown,
    joined,
)
from napari_dinocell.engine.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import ArrayLike, NDArray

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.edit.edit import FoundCell
    from napari_dinocell.engine.measure.runs import AnyLabels

SMALLEST_PART = 0.01
"""Of a cell's area; what a line cuts off below it is a crumb along the line."""

SMALLEST_OUTLINE = 4
"""Pixels that an outline must enclose."""


def cell_under(plane: AnyLabels, points: ArrayLike) -> int:
    """The cell that a line lies over most; 0 if it meets none."""
    region = _region_around(points, plane)
    if region is None:
        return 0
    return _most_frequent(plane[region][_line(points, region)])


def split_cell(
    plane: AnyLabels,
    cell: int,
    points: ArrayLike,
    *,
    new_id: int,
    locked: Collection[int] = (),
) -> Edit:
    """Cut a cell along a line.

    Parameters
    ----------
    plane
        Labels (Y, X).
    cell
        Its id, which the largest part keeps.
    points
        (N, 2) of the line, from one side of the cell to another.
    new_id
        Of the second part; others get the numbers after it.
    locked
        Ids that must not change.

    Raises
    ------
    EditError
        If the line does not cut the cell into parts, the cell is locked or not in the
        plane, or the labels cannot hold the new ids.
    """
    check_unlocked([cell], locked)
    found = find_cell(plane, cell)
    parts = _cut(found, _line(points, found.region))
    sizes = np.bincount(parts[parts > 0])
    order = np.argsort(sizes[1:])[::-1] + 1  # the largest first
    check_new_id(plane, new_id + len(order) - 2)
    ids = np.zeros(len(sizes), plane.dtype)
    ids[order] = [cell, *range(new_id, new_id + len(order) - 1)]
    before = plane[found.region].copy()
    return Edit(found.region, before, np.where(found.mask, ids[parts], before))


def add_cell(plane: AnyLabels, points: ArrayLike, *, new_id: int) -> Edit:
    """Make a new cell inside an outline, on background only.

    Where other cells divide it, the largest part is taken.

    Raises
    ------
    EditError
        If the outline encloses no free background, or the labels cannot hold the id.
    """
    check_new_id(plane, new_id)
    region, inside = _filled(plane, points)
    before = plane[region].copy()
    free = _largest_part(inside & (before == 0))
    if np.count_nonzero(free) < SMALLEST_OUTLINE:
        raise EditError(
            "Expected an outline around free background, got one that other cells "
            "fill. Redraw or delete them first."
        )
    return Edit(region, before, np.where(free, before.dtype.type(new_id), before))


def redraw_cell(
    plane: AnyLabels, cell: int, points: ArrayLike, *, locked: Collection[int] = ()
) -> Edit:
    """Give a cell the shape of an outline; other cells keep all their pixels.

    Raises
    ------
    EditError
        If the outline leaves the cell no pixel, or the cell is locked or not there.
    """
    check_unlocked([cell], locked)
    found = find_cell(plane, cell)
    drawn, inside = _filled(plane, points)
    region = joined(found.region, drawn)
    before = plane[region].copy()
    wanted = np.zeros(before.shape, np.bool_)
    wanted[_within(drawn, region)] = inside
    wanted = _largest_part(wanted & ((before == 0) | (before == cell)))
    if np.count_nonzero(wanted) < SMALLEST_OUTLINE:
        raise EditError(
            "Expected an outline that leaves the cell some pixels, got one that other "
            "cells fill. Draw around the cell itself."
        )
    after = np.where(before == cell, before.dtype.type(0), before)
    after[wanted] = cell
    return Edit(region, before, after)


def cell_inside(plane: AnyLabels, points: ArrayLike) -> int:
    """The cell that fills most of an outline; 0 if there is none.

    Raises
    ------
    EditError
        If the outline encloses nothing.
    """
    region, inside = _filled(plane, points)
    return _most_frequent(plane[region][inside])


def _cut(found: FoundCell, line: Mask) -> NDArray[np.int32]:
    """Parts of a cell, 1 and up: what a line of corners cannot leak through."""
    former = _count_parts(found.mask)
    count, parts = _parts(found.mask & ~line)
    sizes = np.bincount(parts.ravel(), minlength=count)
    crumbs = np.flatnonzero(sizes < max(2, SMALLEST_PART * found.area))
    parts[np.isin(parts, crumbs)] = 0
    kept = np.unique(parts[parts > 0])
    if len(kept) <= former:
        raise EditError(
            "Expected a line across a cell, from one side to another, got one that "
            "does not divide it. Begin and end outside of the cell."
        )
    numbers = np.zeros(count, np.int32)
    numbers[kept] = np.arange(1, len(kept) + 1)
    parts = numbers[parts]
    nearest = distance_transform_edt(
        parts == 0, return_distances=False, return_indices=True
    )
    shared: NDArray[np.int32] = np.where(found.mask, parts[tuple(nearest)], 0)
    return shared


def _count_parts(mask: Mask) -> int:
    return _parts(mask)[0] - 1


def _parts(mask: Mask) -> tuple[int, NDArray[np.int32]]:
    """Number of 4-connected regions, background included, and their numbers."""
    count, parts = cv2.connectedComponents(
        np.ascontiguousarray(mask, np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    return int(count), parts


def _largest_part(mask: Mask) -> Mask:
    count, parts = _parts(mask)
    if count <= 2:
        return mask
    sizes = np.bincount(parts.ravel(), minlength=count)
    sizes[0] = 0
    largest: Mask = parts == int(np.argmax(sizes))
    return largest


def _line(points: ArrayLike, region: Region) -> Mask:
    """Pixels of a line, 8-connected, within a region."""
    drawn = np.zeros([part.stop - part.start for part in region], np.uint8)
    pixels = _pixels(points, region)
    cv2.polylines(drawn, [pixels], isClosed=False, color=1, lineType=cv2.LINE_8)
    return drawn > 0


def _filled(plane: AnyLabels, points: ArrayLike) -> tuple[Region, Mask]:
    """Pixels inside of an outline, and the region they lie in."""
    region = _region_around(points, plane)
    drawn = None
    if region is not None and len(np.asarray(points)) > 2:
        drawn = np.zeros([part.stop - part.start for part in region], np.uint8)
        cv2.fillPoly(drawn, [_pixels(points, region)], color=1)
    if region is None or drawn is None or np.count_nonzero(drawn) < SMALLEST_OUTLINE:
        raise EditError(
            "Expected an outline around some pixels of the image, got none. Drag "
            "around a cell."
        )
    return region, drawn > 0


def _pixels(points: ArrayLike, region: Region) -> NDArray[np.int32]:
    """Points as OpenCV wants them: (N, 1, 2) of (x, y), relative to the region."""
    corner = [part.start for part in region]
    places = np.rint(np.asarray(points, float)).astype(np.int32) - corner
    return np.ascontiguousarray(places[:, np.newaxis, ::-1], np.int32)


def _region_around(points: ArrayLike, plane: NDArray[Any]) -> Region | None:
    """Rows and columns of the plane that a drawing lies in."""
    places = np.rint(np.asarray(points, float)).astype(int).reshape(-1, 2)
    if len(places) == 0:
        return None
    (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0)
    whole = slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)
    rows, columns = grown(whole, 0, plane)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns


def _within(inner: Region, outer: Region) -> Region:
    rows, columns = (
        slice(i.start - o.start, i.stop - o.start)
        for i, o in zip(inner, outer, strict=True)
    )
    return rows, columns


def _most_frequent(ids: AnyLabels) -> int:
    cells, counts = np.unique(ids[ids != 0], return_counts=True)
    return int(cells[np.argmax(counts)]) if len(cells) else 0
