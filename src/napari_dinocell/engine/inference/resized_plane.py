"""A plane resized where it is looked at: pixel by pixel what OpenCV makes of the whole.

OpenCV resizes whole planes: areas of pixels are averaged where a plane shrinks, and
mixed linearly where it grows (`scale.resize_plane`). Positions and weights here are
those of the whole plane, and sums are taken in the same order and precision.

Follows modules/imgproc/src/resize.cpp of OpenCV 4 (Apache 2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.contrast.lazy_plane import LazyPlane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D

ONE = 2048
"""Weights of 8-bit pixels that are mixed linearly are multiples of 1 / 2048."""

TINY = 1e-3
"""Shares of a pixel that are not counted."""


class ResizedPlane(LazyPlane):
    """Another size of a plane.

    OpenCV hands planes of 16 bits that grow to code of others, which is not known to
    the last bit; `scale.resize_image` has them from here, too.

    Parameters
    ----------
    plane
        (Y, X), uint8 or uint16.
    shape
        Height and width wanted.
    """

    def __init__(self, plane: LazyPlane, shape: Shape2D) -> None:
        super().__init__(shape, plane.dtype)
        self._plane = plane
        ratios = [old / new for old, new in zip(plane.shape, shape, strict=True)]
        # exactly as OpenCV computes it: by way of the inverse
        self._scales = tuple(
            1 / (new / old) for old, new in zip(plane.shape, shape, strict=True)
        )
        self._shrinks = min(ratios) >= 1 and max(ratios) > 1
        self._whole = all(
            abs(scale - round(scale)) < np.finfo(float).eps for scale in self._scales
        )

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Pixels of rows and columns of the new size."""
        if rows.start >= rows.stop or columns.start >= columns.stop:
            empty = max(0, rows.stop - rows.start), max(0, columns.stop - columns.start)
            return np.zeros(empty, self.dtype)
        if not self._shrinks:
            return self._mixed(rows, columns)
        return (self._summed if self._whole else self._averaged)(rows, columns)

    def _summed(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Means of squares of whole pixels."""
        down, across = (round(scale) for scale in self._scales)
        pixels = self._plane.read(
            slice(rows.start * down, rows.stop * down),
            slice(columns.start * across, columns.stop * across),
        )
        height, width = rows.stop - rows.start, columns.stop - columns.start
        squares = pixels.reshape(height, down, width, across).astype(np.int64)
        sums = squares.sum(axis=(1, 3))
        if down == across == 2:  # OpenCV rounds halves up here, to even elsewhere
            means: NDArray[Any] = ((sums + 2) >> 2).astype(self.dtype)
            return means
        share = np.float32(1) / np.float32(down * across)
        return self._rounded(sums.astype(np.float32) * share)

    def _averaged(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Means of areas that cut pixels."""
        down = _Shares.of(rows, self._scales[0], self._plane.shape[0])
        across = _Shares.of(columns, self._scales[1], self._plane.shape[1])
        pixels = self._plane.read(down.span, across.span).astype(np.float32)
        lines = np.zeros((pixels.shape[0], columns.stop - columns.start), np.float32)
        for place, share in zip(across.places, across.shares, strict=True):
            lines += pixels[:, place] * share
        result = np.zeros((rows.stop - rows.start, lines.shape[1]), np.float32)
        for place, share in zip(down.places, down.shares, strict=True):
            result += share[:, None] * lines[place]
        return self._rounded(result)

    def _mixed(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Means of the four pixels around each place, by their distance."""
        top, bottom, down = _around(rows, self._scales[0], self._plane.shape[0])
        left, right, across = _around(columns, self._scales[1], self._plane.shape[1])
        across[right == left] = 0  # as OpenCV has it, but not for rows
        y, x = int(top[0]), int(left[0])
        pixels = self._plane.read(
            slice(y, int(bottom[-1]) + 1), slice(x, int(right[-1]) + 1)
        )
        near, far = pixels[:, left - x], pixels[:, right - x]
        if self.dtype == np.uint8:
            return _mixed_bytes(near, far, top - y, bottom - y, down, across)
        one = np.float32(1)
        lines = near.astype(np.float32) * (one - across)
        lines += far.astype(np.float32) * across
        mixed = lines[top - y] * (one - down)[:, None]
        mixed += lines[bottom - y] * down[:, None]
        return self._rounded(mixed)

    def _rounded(self, values: NDArray[np.float32]) -> NDArray[Any]:
        largest = np.iinfo(self.dtype).max
        return np.rint(values).clip(0, largest).astype(self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """Which pixels of one axis make up those of a smaller one, and by what shares."""

    places: list[NDArray[np.intp]]
    """First, second, ... pixel of each new one, (N,), counted from the span's start."""
    shares: list[NDArray[np.float32]]
    """0 where a new pixel is made of fewer."""
    span: slice

    @classmethod
    def of(cls, wanted: slice, scale: float, length: int) -> _Shares:
        """Of new pixels along an axis of `length` that shrinks by `scale`."""
        start = np.arange(wanted.start, wanted.stop) * scale
        stop = start + scale
        width = np.minimum(scale, length - start)
        last = np.minimum(np.floor(stop).astype(np.intp), length - 1)
        first = np.minimum(np.ceil(start).astype(np.intp), last)
        before = np.where(first - start > TINY, (first - start) / width, 0)
        after = np.minimum(np.minimum(stop - last, 1), width) / width
        after = np.where(stop - last > TINY, after, 0)
        count = int((last - first).max())
        places, shares = [np.maximum(first - 1, 0)], [before]
        for step in range(count):
            inside = first + step < last
            places.append(np.where(inside, first + step, 0))
            shares.append(np.where(inside, 1 / width, 0))
        places.append(last)
        shares.append(after)
        low = int(min(places[0].min(), first.min()))
        span = slice(low, int(last.max()) + 1)
        return cls(
            [np.clip(place - low, 0, span.stop - low - 1) for place in places],
            [share.astype(np.float32) for share in shares],
            span,
        )


def _around(
    wanted: slice, scale: float, length: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Pixels before and after the place of each new one, weight of the second."""
    place = (np.arange(wanted.start, wanted.stop) + 0.5) * scale - 0.5
    rounded = place.astype(np.float32)
    floor = np.floor(rounded)
    first = floor.astype(np.intp)
    inside = np.clip(first, 0, length - 1), np.clip(first + 1, 0, length - 1)
    return *inside, rounded - floor


def _mixed_bytes(
    near: NDArray[np.uint8],
    far: NDArray[np.uint8],
    top: NDArray[np.intp],
    bottom: NDArray[np.intp],
    down: NDArray[np.float32],
    across: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """Mix by integers, which OpenCV shortens between the two axes."""
    one = np.float32(1)
    first, second = (
        np.rint(part * ONE).astype(np.int32) for part in (one - across, across)
    )
    lines = (near.astype(np.int32) * first + far.astype(np.int32) * second) >> 4
    first, second = (
        np.rint(part * ONE).astype(np.int32)[:, None] for part in (one - down, down)
    )
    mixed = ((lines[top] * first) >> 16) + ((lines[bottom] * second) >> 16)
    return ((mixed + 2) >> 2).clip(0, 255).astype(np.uint8)
