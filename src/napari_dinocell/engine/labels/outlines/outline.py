"""One cell as a shape, and where in a stack it lies.

Coordinates are (x, y) in pixels, (0, 0) at the top left corner of the image, as ImageJ,
QuPath and COCO have it. A pixel belongs to a shape if its centre lies inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask, Shape2D

    Ring: TypeAlias = NDArray[np.float64]
    Filled: TypeAlias = tuple[slice, slice, Mask]


_LONGEST_ID = 19
"""Digits; 64 bit hold any number of fewer."""


_MOST_PAGES = 2**24


@dataclass(frozen=True, slots=True)
class Place:
    """Page of a stack, counted from 0; None is any."""

    t: int | None = None
    z: int | None = None
    number: int | None = None
    """Among all pages, for programs that do not tell time from depth."""

    def on(self, index: tuple[int, ...], axes: str, counts: Sequence[int]) -> bool:
        """Whether it is on a page of a stack with these axes."""
        if self.number is not None and counts:
            return self.number == int(np.ravel_multi_index(index, tuple(counts)))
        wanted = {"T": self.t, "Z": self.z}
        return all(
            wanted.get(axis) in (None, at) for axis, at in zip(axes, index, strict=True)
        )


class Shape(Protocol):
    """What can be filled."""

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width that an image needs to hold it."""
        ...

    def fill(self, shape: Shape2D) -> Filled:
        """Rows, columns, and the pixels of that box that are inside."""
        ...


@dataclass(frozen=True, slots=True)
class Outline:
    """A cell."""

    shape: Shape
    cell: int | None
    """Its id, where the file says one."""
    place: Place


@dataclass(frozen=True, slots=True)
class Polygon:
    """Rings (N, 2) of (x, y): what an odd number of them encloses is inside."""

    rings: tuple[Ring, ...]

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width that an image needs to hold it."""
        x, y = np.concatenate(self.rings).max(axis=0)
        return float(y), float(x)

    def fill(self, shape: Shape2D) -> Filled:
        """Rows, columns, and the pixels of that box that are inside."""
        points = np.concatenate(self.rings)
        rows, columns = box(points.min(axis=0), points.max(axis=0), shape)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        turns = np.zeros((height, width + 1), np.int32)
        for ring in self.rings:
            y, x = _crossings(ring, rows.start, rows.stop)
            # Where the first pixel centre right of the crossing is; left of the box
            # counts as its first column, right of it as the one after the last.
            at = (np.floor(x + 0.5) - columns.start).clip(0, width).astype(np.int64)
            np.add.at(turns, (y - rows.start, at), 1)
        return rows, columns, np.cumsum(turns, axis=1)[:, :-1] % 2 == 1


@dataclass(frozen=True, slots=True)
class Parts:
    """Shapes that are one cell together."""

    shapes: tuple[Shape, ...]

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width that an image needs to hold it."""
        height, width = np.max([part.extent for part in self.shapes], axis=0)
        return float(height), float(width)

    def fill(self, shape: Shape2D) -> Filled:
        """Rows, columns, and the pixels of that box that are inside."""
        filled = [part.fill(shape) for part in self.shapes]
        top = min(rows.start for rows, _, _ in filled)
        bottom = max(rows.stop for rows, _, _ in filled)
        left = min(columns.start for _, columns, _ in filled)
        right = max(columns.stop for _, columns, _ in filled)
        inside = np.zeros((bottom - top, right - left), bool)
        for rows, columns, mask in filled:
            y, x = rows.start - top, columns.start - left
            inside[y : y + mask.shape[0], x : x + mask.shape[1]] |= mask
        return slice(top, bottom), slice(left, right), inside


@dataclass(frozen=True, slots=True)
class Oval:
    """An ellipse in an upright box."""

    top: float
    left: float
    height: float
    width: float

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width that an image needs to hold it."""
        return self.top + self.height, self.left + self.width

    def fill(self, shape: Shape2D) -> Filled:
        """Rows, columns, and the pixels of that box that are inside."""
        low = np.array([self.left, self.top])
        rows, columns = box(low, low + np.array([self.width, self.height]), shape)
        y = (np.arange(rows.start, rows.stop) + 0.5 - self.top) / self.height * 2 - 1
        x = (np.arange(columns.start, columns.stop) + 0.5 - self.left) / self.width
        return rows, columns, (y**2)[:, None] + (x * 2 - 1) ** 2 <= 1


@dataclass(frozen=True, slots=True)
class Runs:
    """A mask as lengths of runs, outside and inside in turn, column after column."""

    size: Shape2D
    counts: tuple[int, ...]

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width that an image needs to hold it."""
        return float(self.size[0]), float(self.size[1])

    def fill(self, shape: Shape2D) -> Filled:
        """Rows, columns, and the pixels of that box that are inside."""
        inside = np.arange(len(self.counts)) % 2 == 1
        flat = np.repeat(inside, self.counts)
        mask = flat.reshape(self.size, order="F")
        height, width = (min(a, b) for a, b in zip(shape, self.size, strict=True))
        return slice(0, height), slice(0, width), mask[:height, :width]


def id_of(value: Any) -> int | None:
    """A whole number from 1 on, also as text; None for all else."""
    text = str(value)
    fits = text.isdecimal() and text.isascii() and 0 < len(text) < _LONGEST_ID
    return int(text) or None if fits else None


def page_of(value: Any) -> int | None:
    """Number of a page, or None where there is none.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if value is None or (type(value) is int and 0 <= value < _MOST_PAGES):
        return value
    raise ValueError(f"{value!r} is no number of a page")


def box(low: Any, high: Any, shape: Shape2D) -> tuple[slice, slice]:
    """Rows and columns between two corners (x, y), inside an image."""
    (left, top), (right, bottom) = low, high
    height, width = shape
    rows = slice(
        int(np.clip(np.floor(top), 0, height)), int(np.clip(np.ceil(bottom), 0, height))
    )
    columns = slice(
        int(np.clip(np.floor(left), 0, width)), int(np.clip(np.ceil(right), 0, width))
    )
    return rows, columns


def _crossings(
    ring: Ring, first: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Row and x of every point at which the middle of a row crosses the ring."""
    x0, y0 = ring.T
    x1, y1 = np.roll(ring, -1, axis=0).T
    start = np.ceil(np.minimum(y0, y1) - 0.5).clip(first, last).astype(np.int64)
    stop = np.ceil(np.maximum(y0, y1) - 0.5).clip(first, last).astype(np.int64)
    counts = stop - start
    edge = np.repeat(np.arange(len(ring)), counts)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = start[edge] + nth
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    return rows, x0[edge] + (rows + 0.5 - y0[edge]) * slope
