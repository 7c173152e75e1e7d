"""Planes whose pixels are read or computed where they are looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D
    from napari_dinocell.engine.contrast.outliers import Outliers


class LazyPlane(ABC):
    """A plane (Y, X) that is indexed like an array, by slices alone."""

    ndim = 2

    def __init__(self, shape: Shape2D, dtype: Any) -> None:
        self.shape = shape
        """Height and width in pixels."""
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def array(self) -> NDArray[Any]:
        """For code that reads parts of an array and asks no more of it: itself."""
        return cast("NDArray[Any]", self)

    @abstractmethod
    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Pixels of rows and columns with start and stop inside, and no step."""

    def __getitem__(self, part: slice | tuple[slice, slice]) -> NDArray[Any]:
        """Pixels of slices; with steps they are read in bands and thinned out."""
        rows, columns = part if isinstance(part, tuple) else (part, slice(None))
        top, bottom, down = rows.indices(self.shape[0])
        left, right, across = columns.indices(self.shape[1])
        bottom, right = max(top, bottom), max(left, right)
        if down == across == 1:
            return self.read(slice(top, bottom), slice(left, right))
        found = [np.zeros((0, len(range(left, right, across))), self.dtype)]
        for band in row_bands((bottom - top, max(1, right - left))):
            first = -(-band.start // down) * down
            if first < band.stop:
                rows = slice(top + first, top + band.stop)
                pixels = self.read(rows, slice(left, right))
                found.append(pixels[::down, ::across])
        return np.concatenate(found)


class ArrayPlane(LazyPlane):
    """An array (Y, X)."""

    def __init__(self, array: NDArray[Any]) -> None:
        super().__init__((array.shape[0], array.shape[1]), array.dtype)
        self._array = array

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """A view of rows and columns."""
        return self._array[rows, columns]


class CleanedPlane(LazyPlane):
    """A plane without its outliers."""

    def __init__(self, plane: LazyPlane, outliers: Outliers) -> None:
        super().__init__(plane.shape, plane.dtype)
        self._plane = plane
        self.outliers = outliers
        """What takes their place; rows ascend."""

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Pixels of rows and columns, with what takes the outliers' place."""
        pixels = np.array(self._plane.read(rows, columns))
        found = self.outliers
        first, last = np.searchsorted(found.rows, (rows.start, rows.stop))
        x = found.columns[first:last]
        inside = (x >= columns.start) & (x < columns.stop)
        y = found.rows[first:last][inside] - rows.start
        pixels[y, x[inside] - columns.start] = found.values[first:last][inside]
        return pixels
