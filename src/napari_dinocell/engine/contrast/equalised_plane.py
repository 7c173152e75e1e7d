"""CLAHE of a plane that is only looked at in parts: pixel by pixel what OpenCV gives.

OpenCV equalises whole planes. Each window of the plane has a table of its own, made of
the window's pixels alone, and a pixel is looked up in the tables of the four windows
around it; so a part of the plane needs the windows that it touches and their
neighbours. Windows and weights are those of the whole plane, wherever the part lies.

Follows modules/imgproc/src/clahe.cpp of OpenCV 4 (Apache 2.0), step by step and in the
same precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands
from napari_dinocell.engine.contrast.lazy_plane import LazyPlane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage

LEVELS = 256


class LevelsPlane(LazyPlane):
    """An adjusted image rounded to integers where it is looked at.

    Parameters
    ----------
    image
        (Y, X) in [0, 1].
    dtype
        uint8 or uint16, whose largest value stands for 1.0.
    """

    def __init__(self, image: AdjustedImage, dtype: Any) -> None:
        super().__init__(image.shape, dtype)
        self._image = image

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Levels of rows and columns."""
        scaled = self._image.window(rows, columns) * np.iinfo(self.dtype).max
        return np.rint(scaled).astype(self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """Some pixels along an axis between the windows of the plane."""

    before: NDArray[np.intp]
    """Window before each pixel's place, counted from `windows.start`."""
    after: NDArray[np.intp]
    weight: NDArray[np.float32]
    """Of the window after; the rest is that of the one before."""
    windows: slice
    """All windows that are needed."""

    @classmethod
    def of(cls, places: range, side: int, count: int) -> _Axis:
        """Of pixels along an axis with `count` windows of `side` pixels."""
        place = np.array(places, np.float32)
        place = place * (np.float32(1) / np.float32(side)) - np.float32(0.5)
        floor = np.floor(place)
        first = floor.astype(np.intp)
        before, after = np.maximum(first, 0), np.minimum(first + 1, count - 1)
        windows = slice(int(before[0]), int(after[-1]) + 1)
        return cls(
            before - windows.start, after - windows.start, place - floor, windows
        )

    def part(self, band: slice) -> _Axis:
        """Of some of the pixels."""
        return _Axis(
            self.before[band], self.after[band], self.weight[band], self.windows
        )


class EqualisedPlane(LazyPlane):
    """A plane of 256 levels, equalised where it is looked at.

    Parameters
    ----------
    levels
        (Y, X), uint8.
    clip_limit
        Largest slope of the local equalisation.
    windows
        Number of windows along x and y (OpenCV's order).
    """

    def __init__(
        self, levels: LazyPlane, clip_limit: float, windows: tuple[int, int]
    ) -> None:
        super().__init__(levels.shape, np.uint8)
        self._levels = levels
        self._counts = windows[1], windows[0]
        self._side = _window_shape(levels.shape, self._counts)
        pixels = self._side[0] * self._side[1]
        self._clip = max(1, int(clip_limit * pixels / LEVELS))
        self._scale = np.float32(LEVELS - 1) / np.float32(pixels)

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Equalised levels of rows and columns."""
        return self[rows, columns]

    def __getitem__(self, part: slice | tuple[slice, slice]) -> NDArray[Any]:
        """Pixels of slices; with steps only those that are left are looked up."""
        rows, columns = part if isinstance(part, tuple) else (part, slice(None))
        ys = range(*rows.indices(self.shape[0]))
        xs = range(*columns.indices(self.shape[1]))
        result = np.empty((len(ys), len(xs)), np.uint8)
        if result.size == 0:
            return result
        down = _Axis.of(ys, self._side[0], self._counts[0])
        across = _Axis.of(xs, self._side[1], self._counts[1])
        tables = self._tables(down.windows, across.windows)
        for band in row_bands((len(ys), len(xs))):
            lines = ys[band]
            thinned = slice(lines[0], lines[-1] + 1, ys.step)
            levels = self._levels[thinned, slice(xs[0], xs[-1] + 1, xs.step)]
            result[band] = _looked_up(levels, tables, down.part(band), across)
        return result

    def _tables(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """(R, C, 256): new level for each level, of windows by row and column."""
        height, width = self._side
        places = np.arange(columns.start * width, columns.stop * width)
        across = _reflected(places, self.shape[1])
        count = columns.stop - columns.start
        bins = np.repeat(np.arange(count, dtype=np.int32), width) * LEVELS
        tables = np.empty((rows.stop - rows.start, count, LEVELS), np.uint8)
        for number, row in enumerate(range(rows.start, rows.stop)):
            places = np.arange(row * height, (row + 1) * height)
            pixels = self._gathered(_reflected(places, self.shape[0]), across)
            found = np.bincount((pixels + bins).ravel(), minlength=count * LEVELS)
            tables[number] = self._cumulated(found.reshape(count, LEVELS))
        return tables

    def _gathered(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> NDArray[np.uint8]:
        """Pixels (R, C) at rows and columns that are nearly neighbours."""
        top, left = int(rows.min()), int(columns.min())
        part = self._levels.read(
            slice(top, int(rows.max()) + 1), slice(left, int(columns.max()) + 1)
        )
        gathered: NDArray[np.uint8] = part[np.ix_(rows - top, columns - left)]
        return gathered

    def _cumulated(self, counts: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Tables of histograms (C, 256), none of which rises too steeply.

        What exceeds the limit is spread over all levels, and a rest over some.
        """
        excess = np.maximum(counts - self._clip, 0).sum(axis=1)
        clipped = np.minimum(counts, self._clip) + (excess // LEVELS)[:, None]
        for number, rest in enumerate((excess % LEVELS).tolist()):
            if rest:
                step = max(LEVELS // rest, 1)
                clipped[number, : rest * step : step] += 1
        sums = np.cumsum(clipped, axis=1).astype(np.float32) * self._scale
        return _rounded(sums)


def _looked_up(
    levels: NDArray[np.uint8], tables: NDArray[np.uint8], down: _Axis, across: _Axis
) -> NDArray[np.uint8]:
    """Levels (Y, X) looked up in the tables around each pixel, and mixed."""
    flat, wide = tables.ravel(), tables.shape[1]
    one, pixels = np.float32(1), levels.astype(np.intp)

    def found(row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.float32]:
        table = (row * wide)[:, None] + column
        values: NDArray[np.float32] = flat[table * LEVELS + pixels].astype(np.float32)
        return values

    x, y = across.weight, down.weight[:, None]
    above = found(down.before, across.before) * (one - x)
    above += found(down.before, across.after) * x
    below = found(down.after, across.before) * (one - x)
    below += found(down.after, across.after) * x
    return _rounded(above * (one - y) + below * y)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """To the nearest level, halves to the even one."""
    levels: NDArray[np.uint8] = np.rint(values).clip(0, LEVELS - 1).astype(np.uint8)
    return levels


def _window_shape(shape: tuple[int, int], counts: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a window, for which OpenCV makes the plane a little larger.

    Where one side is no multiple of its number of windows, both grow, the other one by
    a whole row or column of pixels for each window.
    """
    rest = shape[0] % counts[0], shape[1] % counts[1]
    if rest == (0, 0):
        return shape[0] // counts[0], shape[1] // counts[1]
    height, width = (
        (length + count - left) // count
        for length, count, left in zip(shape, counts, rest, strict=True)
    )
    return height, width


def _reflected(places: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Places beyond the end mirrored at the last pixel, as often as needed."""
    if length == 1:
        return np.zeros_like(places)
    turn = 2 * (length - 1)
    places = places % turn
    return np.minimum(places, turn - places)
