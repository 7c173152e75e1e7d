"""Cells that the network has seen but the thresholds have missed: one click, or a box.

No second model is asked. The distance map of the plane has basins at all heights
(`watershed.basins`), and the thresholds that are right for most cells lose the faint
ones; here a cell gets thresholds of its own. Each function returns an `Edit`; nothing
is written, and no other cell loses a pixel.

The rule
--------
A click means the basin under it, with the basins that it is one with, as for any cell
(`MergeForest.leads`), but for those whose summit another cell has. If its summit lies
below the seed threshold, **both thresholds are lowered by the same factor**, until it
is a seed: so a cell that the thresholds would have found is found just as they find it,
and a fainter one as far as it would reach if the whole map were stronger.

A box says how far the cell reaches: all free summits inside are its own, nothing
outside is, and the foreground threshold is **raised from there to where the cell fits
the box best** (overlap of its bounding box with the one drawn).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_dinocell.engine.edit.edit import Edit, check_new_id, grown
from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.watershed.basins import find_basins
from napari_dinocell.engine.watershed.fill_holes import fill_holes
from napari_dinocell.engine.watershed.live_watershed import FLOOR
from napari_dinocell.engine.watershed.merge_forest import MergeForest, grow_forest
from napari_dinocell.engine.watershed.saddles import find_saddles
from napari_dinocell.engine.watershed.terrain import raise_terrain

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Mask
    from napari_dinocell.engine.config import WatershedConfig
    from napari_dinocell.engine.edit.edit import Region
    from napari_dinocell.engine.measure.runs import AnyLabels

REACH = 128
"""Pixels around a click that are looked at first; more if the cell reaches beyond."""

LEVELS = 24
"""Foreground thresholds that are tried for a box."""

SMALLEST = 4
"""Pixels of a cell."""

_INNER = (slice(1, -1), slice(1, -1))

NOTHING = "The network has seen nothing here. Drag around the cell with Add instead."


@dataclass(frozen=True, slots=True, eq=False)
class _Around:
    """The basins of a region of the map, and whose pixels are free."""

    terrain: NDArray[np.float32]
    """(H, W): distances, 0 up to the floor."""
    basins: NDArray[np.int32]
    """(H, W): basin of each pixel."""
    forest: MergeForest
    free: Mask
    """(H, W): background."""
    taken: NDArray[np.bool_]
    """(N + 1,): basins whose summit lies in another cell."""


def find_clicked(
    plane: AnyLabels,
    distance: DistanceMap,
    place: tuple[float, float],
    *,
    thresholds: WatershedConfig,
    new_id: int,
) -> Edit:
    """Make a new cell of what the distance map has under a click.

    Parameters
    ----------
    plane
        Labels (Y, X).
    distance
        The map (Y, X) of the same plane, in [0, 1].
    place
        (y, x) in pixels; the centre of the first pixel is (0, 0).
    thresholds
        Those of the plane. Sizes and the border do not count: the cell is wanted.
    new_id
        Of the cell.

    Raises
    ------
    EditError
        If the place is outside of the plane or in a cell, the map is empty there or
        belongs to a cell beside it, or the labels cannot hold the id.
    """
    check_new_id(plane, new_id)
    y, x = (int(np.rint(value)) for value in place)
    if not (0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]):
        raise EditError("Expected a click in the image, got one beside it.")
    if plane[y, x]:
        raise EditError(
            f"Expected a click on background, got cell {plane[y, x]}. Split or redraw "
            "it, or delete it first."
        )
    reach = REACH
    while True:
        spot = slice(y, y + 1), slice(x, x + 1)
        region = grown(spot, reach, plane)
        around = _look_around(plane, distance, region)
        place_in = y - region[0].start, x - region[1].start
        own = _own_basins(around, place_in, thresholds)
        if not _leaves(own, region, plane):
            break
        reach *= 2
    mask = _cut_out(around, own, place_in, thresholds)
    return _edit(plane, region, _filled(mask, around, thresholds), new_id)


def find_boxed(
    plane: AnyLabels,
    distance: DistanceMap,
    corners: ArrayLike,
    *,
    thresholds: WatershedConfig,
    new_id: int,
) -> Edit:
    """Make a new cell of what the distance map has in a box.

    Parameters
    ----------
    plane, distance, thresholds, new_id
        As for `find_clicked`.
    corners
        (2, 2): two opposite corners (y, x) of the box, in pixels.

    Raises
    ------
    EditError
        If the map has no free summit in the box, or the labels cannot hold the id.
    """
    check_new_id(plane, new_id)
    box = _box(corners, plane)
    height, width = (part.stop - part.start for part in box)
    region = grown(box, max(height, width) // 2 + 1, plane)
    around = _look_around(plane, distance, region)
    inside = np.zeros(around.free.shape, np.bool_)
    rows, columns = (
        slice(b.start - r.start, b.stop - r.start)
        for b, r in zip(box, region, strict=True)
    )
    inside[rows, columns] = True
    mask = _fitted(around, inside, thresholds)
    filled = _filled(mask, around, thresholds) & inside
    return _edit(plane, region, filled, new_id)


def _look_around(plane: AnyLabels, distance: DistanceMap, region: Region) -> _Around:
    terrain = raise_terrain(distance[region], floor=FLOOR)
    basins = find_basins(terrain)
    forest = grow_forest(basins.heights, find_saddles(terrain, basins))
    heights, numbers, free = terrain[_INNER], basins.numbers[_INNER], plane[region] == 0
    taken = np.zeros(basins.heights.size, np.bool_)
    summits = (heights == basins.heights[numbers]) & ~free
    taken[numbers[summits]] = True
    return _Around(heights, numbers, forest, free, taken)


def _own_basins(
    around: _Around, place: tuple[int, int], thresholds: WatershedConfig
) -> Mask:
    """(H, W): pixels of the basins that are one with the basin at a place."""
    basin = int(around.basins[place])
    if basin == 0:
        raise EditError(NOTHING)
    if around.taken[basin]:
        raise EditError(
            "What the network has seen here belongs to the cell beside it. Redraw that "
            "cell, or drag around this one with Add."
        )
    leads = around.forest.leads(
        thresholds.seed_threshold,
        FLOOR,
        prominence=thresholds.prominence,
        apart=around.taken,
    )
    own: Mask = leads[around.basins] == leads[basin]
    return own


def _cut_out(
    around: _Around, own: Mask, place: tuple[int, int], thresholds: WatershedConfig
) -> Mask:
    """What of some basins is foreground and free, in one piece."""
    heights = np.where(own & around.free, around.terrain, 0)
    summit = np.unravel_index(int(np.argmax(heights)), heights.shape)
    above = heights > _own_foreground(float(heights[summit]), thresholds)
    return _piece_at(above, place if above[place] else summit)


def _fitted(around: _Around, inside: Mask, thresholds: WatershedConfig) -> Mask:
    """The piece around the highest free summit in a box that fits the box best."""
    summits = around.free & inside
    summits &= around.terrain == around.forest.heights[around.basins]
    own = np.zeros(around.taken.size, np.bool_)
    own[around.basins[summits]] = True
    own &= ~around.taken
    own[0] = False
    heights = np.where(around.free & own[around.basins], around.terrain, 0)
    summit = np.unravel_index(int(np.argmax(heights * inside)), heights.shape)
    height = float(heights[summit])
    if height == 0:
        raise EditError(NOTHING)
    lowest = _own_foreground(height, thresholds)
    levels = np.geomspace(lowest, height, LEVELS, endpoint=False)
    pieces = (_piece_at(heights > np.float32(level), summit) for level in levels)
    # of several that fit as well, the one at the lowest threshold
    best = max(pieces, key=lambda piece: _box_overlap(piece, inside))
    return _piece_at(best & inside, summit)


def _own_foreground(height: float, thresholds: WatershedConfig) -> float:
    """Foreground threshold of a cell with a summit of a height."""
    share = min(1.0, height / thresholds.seed_threshold)
    return max(FLOOR, share * thresholds.foreground_threshold)


def _piece_at(mask: Mask, place: tuple[np.intp | int, ...]) -> Mask:
    """The 4-connected part of a mask that a place is in."""
    _, parts = cv2.connectedComponents(
        np.ascontiguousarray(mask, np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    piece: Mask = (parts == parts[place]) & mask
    return piece


def _filled(mask: Mask, around: _Around, thresholds: WatershedConfig) -> Mask:
    if not thresholds.fill_holes:
        return mask
    labels = np.where(around.free, 0, 2).astype(np.int32)
    labels[mask] = 1
    filled: Mask = fill_holes(labels) == 1
    return filled


def _box_overlap(first: Mask, second: Mask) -> float:
    """Intersection over union of the smallest boxes around two masks."""
    boxes = np.array([_ends(first), _ends(second)])
    low, high = boxes[:, :, 0], boxes[:, :, 1]
    common = np.prod(np.maximum(high.min(axis=0) - low.max(axis=0), 0))
    areas = np.prod(high - low, axis=1)
    return float(common / (areas.sum() - common))


def _ends(mask: Mask) -> list[tuple[int, int]]:
    """First row and the one after the last, and the same of columns."""
    found = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    return [(int(lines[0]), int(lines[-1]) + 1) for lines in found]


def _box(corners: ArrayLike, plane: AnyLabels) -> Region:
    """Rows and columns of the plane between two corners."""
    places = np.rint(np.asarray(corners, float)).astype(int)
    (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0)
    whole = slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)
    rows, columns = grown(whole, 0, plane)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise EditError("Expected a box in the image, got one beside it.")
    return rows, columns


def _leaves(own: Mask, region: Region, plane: AnyLabels) -> bool:
    """Whether some basins reach an end of a region that is not the plane's."""
    ends = (own[0], own[-1]), (own[:, 0], own[:, -1])
    return any(
        (part.start > 0 and first.any()) or (part.stop < length and last.any())
        for part, length, (first, last) in zip(region, plane.shape, ends, strict=True)
    )


def _edit(plane: AnyLabels, region: Region, mask: Mask, new_id: int) -> Edit:
    if np.count_nonzero(mask) < SMALLEST:
        raise EditError(NOTHING)
    before = plane[region].copy()
    return Edit(region, before, np.where(mask, before.dtype.type(new_id), before))
