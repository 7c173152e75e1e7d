"""Cells of a label image as polygons along the edges of their pixels.

Filling such a polygon gives back exactly the pixels of its cell. Coordinates are whole
numbers (x, y): the corners of pixels, (0, 0) at the top left corner of the image, as
QuPath and ImageJ have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from skimage.measure import label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]
    Numbers: TypeAlias = NDArray[np.int64]

Ring: TypeAlias = "list[tuple[int, int]]"
"""Corners (x, y); the last one is joined to the first, which is not repeated."""


@dataclass(frozen=True, slots=True)
class Polygon:
    """A connected part of a cell, valid by the rules of OGC's simple features.

    With y pointing down, the exterior runs clockwise and holes counter-clockwise. Rings
    meet others in single points at most.
    """

    exterior: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class CellPolygons:
    """A cell of a label image."""

    cell: int
    """Its id."""
    parts: tuple[Polygon, ...]
    """One per connected part; pixels that touch by a corner alone are not connected."""


CHUNK = 2**18
"""About so many corners are traced at a time: as Python's numbers they take room."""


def find_polygons(labels: AnyLabels) -> Iterator[CellPolygons]:
    """Trace every cell of a label image (Y, X), in the order of the ids.

    Notes
    -----
    The boundary of a pixel region has right angles only. So of its corners in one row,
    sorted by x, the first is joined to the second, the third to the fourth, and so on;
    the same holds for columns, and the two pairings alternate along each ring
    (J. O'Rourke, Uniqueness of orthogonal connect-the-dots, 1988, section 2). All
    corners of all cells are found and paired at once.
    """
    parts = _parts_by_cell(labels)
    corners = _find_corners(parts)
    traced = (ring for chunk in _chunks(corners) for ring in _trace(chunk))
    polygons = (Polygon(first, tuple(holes)) for first, *holes in _gather(traced))
    for cell, own in groupby(polygons, key=partial(_cell_of, labels)):
        yield CellPolygons(cell, tuple(own))


def _cell_of(labels: AnyLabels, polygon: Polygon) -> int:
    x, y = polygon.exterior[0]
    return int(labels[y, x])  # the corner is the top left one of its pixel


def _parts_by_cell(labels: AnyLabels) -> NDArray[np.int32]:
    """(Y, X): numbers of connected parts, those of the lowest id first."""
    parts: Numbers = label(labels, background=0, connectivity=1)
    ids = np.zeros(int(parts.max(initial=0)) + 1, np.int64)
    ids[parts] = labels
    numbers = np.empty(ids.size, np.int32)
    numbers[np.argsort(ids, kind="stable")] = np.arange(ids.size)
    return numbers[parts]


@dataclass(frozen=True, slots=True)
class _Corners:
    """Where boundaries turn; sorted by part, then y, then x. Arrays (N,)."""

    part: Numbers
    y: Numbers
    x: Numbers
    beside: Numbers
    """Index of the corner at the other end of the horizontal side."""
    above_or_below: Numbers
    """Index of the corner at the other end of the vertical side."""
    convex: NDArray[np.bool_]
    shared: NDArray[np.bool_]
    """Whether the boundary of the part comes by here twice."""


def _find_corners(parts: AnyLabels) -> _Corners:
    height, width = (length + 2 for length in parts.shape)
    places = _meeting_points(np.pad(parts, 1))
    found = [
        np.stack([part, y, x, np.full_like(x, right), np.full_like(x, down), convex])
        for right in (0, 1)
        for down in (0, 1)
        for part, y, x, convex in _turns(places, right, down)
    ]
    part, y, x, right, down, convex = np.concatenate(found, axis=1)
    # Of two corners in one place, that of the side that ends there comes first.
    by_row = np.argsort(((part * height + y) * width + x) * 2 + right)
    part, y, x, down, convex = (a[by_row] for a in (part, y, x, down, convex))
    by_column = np.argsort(((part * width + x) * height + y) * 2 + down)
    same = (part[1:] == part[:-1]) & (y[1:] == y[:-1]) & (x[1:] == x[:-1])
    return _Corners(
        part=part,
        y=y,
        x=x,
        beside=_partners(np.arange(len(x))),
        above_or_below=_partners(by_column),
        convex=convex.astype(bool),
        shared=np.append(same, False) | np.insert(same, 0, False),
    )


@dataclass(frozen=True, slots=True)
class _MeetingPoints:
    """Corners of pixels where several parts, or a part and background, meet. (N,)."""

    y: Numbers
    x: Numbers
    quarters: dict[tuple[int, int], AnyLabels]
    """By (right, down): part of the pixel that lies there."""


def _meeting_points(padded: AnyLabels) -> _MeetingPoints:
    height, width = (length - 1 for length in padded.shape)
    planes = {
        (right, down): padded[down : down + height, right : right + width]
        for right in (0, 1)
        for down in (0, 1)
    }
    corner = planes[0, 0]
    several = corner != planes[1, 1]
    several |= corner != planes[1, 0]
    several |= corner != planes[0, 1]
    y, x = np.nonzero(several)
    return _MeetingPoints(y, x, {at: plane[y, x] for at, plane in planes.items()})


def _turns(
    places: _MeetingPoints, right: int, down: int
) -> Iterator[tuple[Numbers, Numbers, Numbers, Numbers]]:
    """Corners whose sides go right or left, and down or up: part, y, x, convex.

    The four pixels around each corner decide. The one in the quarter between the two
    sides either is alone in its part (convex) or alone misses in it (concave).
    """
    quarter = places.quarters[right, down]
    beside = places.quarters[1 - right, down]
    behind = places.quarters[right, 1 - down]
    across = places.quarters[1 - right, 1 - down]
    alone = (quarter != 0) & (quarter != beside) & (quarter != behind)
    missing = (beside != 0) & (beside == behind) & (beside == across)
    missing &= quarter != beside
    for turning, pixels, convex in ((alone, quarter, 1), (missing, beside, 0)):
        which = np.flatnonzero(turning)
        part = pixels[which].astype(np.int64)
        yield part, places.y[which], places.x[which], np.full_like(part, convex)


def _partners(order: Numbers) -> Numbers:
    """Join the first corner in this order to the second, the third to the fourth."""
    partners = np.empty_like(order)
    partners[order[0::2]] = order[1::2]
    partners[order[1::2]] = order[0::2]
    return partners


def _chunks(corners: _Corners) -> Iterator[_Corners]:
    """Some whole parts at a time, as if there were no others."""
    size = len(corners.part)
    firsts = np.append(np.flatnonzero(np.diff(corners.part, prepend=0)), size)
    start = 0
    while start < size:
        end = int(firsts[np.searchsorted(firsts, min(start + CHUNK, size))])
        own = {name: getattr(corners, name)[start:end] for name in _Corners.__slots__}
        own["beside"] = own["beside"] - start
        own["above_or_below"] = own["above_or_below"] - start
        yield _Corners(**own)
        start = end


def _trace(corners: _Corners) -> Iterator[tuple[bool, list[Ring]]]:
    """Whether the first ring is the exterior of a part, and rings; part after part.

    The first corner of a part, leftmost in its topmost row, belongs to the exterior.
    """
    beside, onward = corners.beside.tolist(), corners.above_or_below.tolist()
    points = list(zip(corners.x.tolist(), corners.y.tolist(), strict=True))
    convex, shared = corners.convex.tolist(), corners.shared.tolist()
    visited = bytearray(len(points))
    for start, is_exterior in enumerate(convex):
        if visited[start]:
            continue
        path: list[int] = []
        here = start
        while not visited[here]:
            end = beside[here]
            visited[here] = visited[end] = 1
            path += (here, end)
            here = onward[end]
        ring = [points[corner] for corner in path]
        rings = _split(ring) if any(shared[corner] for corner in path) else [ring]
        if not is_exterior:  # to the right along its topmost side, as all do
            rings = [ring[::-1] for ring in rings]
        yield is_exterior, rings


def _split(ring: Ring) -> list[Ring]:
    """Cut a ring where it touches itself; first comes what has its first point."""
    pieces: list[Ring] = []
    rest: Ring = []
    position: dict[tuple[int, int], int] = {}
    for point in ring:
        if point in position:
            first = position[point]
            pieces.append(rest[first:])
            for passed in rest[first:]:
                del position[passed]
            del rest[first:]
        position[point] = len(rest)
        rest.append(point)
    return [rest, *pieces]


def _gather(traced: Iterator[tuple[bool, list[Ring]]]) -> Iterator[list[Ring]]:
    """Rings of each part, its exterior first."""
    rings: list[Ring] = []
    for is_exterior, found in traced:
        if is_exterior and rings:
            yield rings
            rings = []
        rings += found
    if rings:
        yield rings
