"""Corrections that need no drawing: merge, delete, fill holes, smooth.

Each function looks at a plane of labels and returns an `Edit`; nothing is written. An
edit that changes nothing is a valid answer: there was nothing to fill, for example.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_dinocell.engine.edit.edit import (
    Edit,
    check_unlocked,
    find_cell,
    grown,
    joined,
)
from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.watershed.fill_holes import fill_holes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.measure.runs import AnyLabels

SMOOTHING = 0.15
"""Radius of the disk that smooths, relative to that of a disk of the cell's area."""


def merge_cells(
    plane: AnyLabels, cells: Sequence[int], *, locked: Collection[int] = ()
) -> Edit:
    """Make one cell of several, which gets the id of the first.

    Parameters
    ----------
    plane
        Labels (Y, X).
    cells
        Two or more ids; they need not touch.
    locked
        Ids that must not change.

    Raises
    ------
    EditError
        If there are fewer than two cells, or one is locked or not in the plane.
    """
    wanted = list(dict.fromkeys(cells))
    if len(wanted) < 2:
        raise EditError(
            f"Expected two or more cells to merge, got {len(wanted)}. Click on several."
        )
    check_unlocked(wanted, locked)
    found = [find_cell(plane, cell) for cell in wanted]
    region = reduce(joined, [part.region for part in found])
    before = plane[region].copy()
    after = before.copy()
    after[np.isin(before, wanted)] = wanted[0]
    return Edit(region, before, after)


def delete_cells(
    plane: AnyLabels, cells: Sequence[int], *, locked: Collection[int] = ()
) -> Edit:
    """Set all pixels of some cells to background.

    Raises
    ------
    EditError
        If there is none, or one is locked or not in the plane.
    """
    if not cells:
        raise EditError("Expected a cell to delete, got none. Click on one.")
    check_unlocked(cells, locked)
    found = [find_cell(plane, cell) for cell in cells]
    region = reduce(joined, [part.region for part in found])
    before = plane[region].copy()
    after = before.copy()
    after[np.isin(before, list(cells))] = 0
    return Edit(region, before, after)


def fill_cell(plane: AnyLabels, cell: int, *, locked: Collection[int] = ()) -> Edit:
    """Give a cell the background that it alone encloses, as `fill_holes` does.

    Raises
    ------
    EditError
        If the cell is locked or not in the plane.
    """
    check_unlocked([cell], locked)
    region = grown(find_cell(plane, cell).region, 1, plane)
    before = plane[region].copy()
    after = before.copy()
    # in a crop, where ids of any width fit into those of the function
    ids, numbers = np.unique(before, return_inverse=True)
    crop = numbers.reshape(before.shape).astype(np.int32)
    own = int(np.searchsorted(ids, cell))
    after[(fill_holes(crop) == own) & (before == 0)] = cell
    return Edit(region, before, after)


def smooth_cell(
    plane: AnyLabels,
    cell: int,
    *,
    locked: Collection[int] = (),
    radius: int | None = None,
) -> Edit:
    """Round a cell's outline: spikes thinner than a disk go, bays are filled.

    It takes background only, never pixels of a neighbour, and a cell that is thinner
    than the disk everywhere keeps its spikes, so that none disappears.

    Parameters
    ----------
    plane
        Labels (Y, X).
    cell
        Its id.
    locked
        Ids that must not change.
    radius
        Of the disk, in pixels; None takes `SMOOTHING` of the cell's own radius.

    Raises
    ------
    EditError
        If the cell is locked or not in the plane.

    Notes
    -----
    Morphological opening, then closing, by a disk (Serra 1982).
    """
    check_unlocked([cell], locked)
    found = find_cell(plane, cell)
    if radius is None:
        radius = max(1, round(SMOOTHING * float(np.sqrt(found.area / np.pi))))
    margin = 2 * radius + 1
    region = grown(found.region, margin, plane)
    before = plane[region].copy()
    smooth = _opened_and_closed(before == cell, radius)
    after = before.copy()
    after[(before == cell) & ~smooth] = 0
    after[(before == 0) & smooth] = cell
    return Edit(region, before, after)


def _opened_and_closed(mask: Mask, radius: int) -> Mask:
    size = 2 * radius + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # What lies beyond the edge of the plane is taken to go on as inside.
    cell = cv2.copyMakeBorder(
        mask.astype(np.uint8), size, size, size, size, cv2.BORDER_REPLICATE
    )
    opened = cv2.morphologyEx(cell, cv2.MORPH_OPEN, disk)
    inner = slice(size, -size)
    if not opened[inner, inner].any():
        opened = cell
    smooth: Mask = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disk)[inner, inner] > 0
    return smooth
