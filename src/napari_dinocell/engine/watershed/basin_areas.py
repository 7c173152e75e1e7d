"""Areas of basins above a threshold: what cells are judged by their size by.

Counting all pixels takes longer than all else that a slider move needs. An area depends
on the foreground threshold alone, so that, when it moves, only the pixels between the
old and the new one are counted.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import BAND_PIXELS, map_bands, row_bands
from napari_dinocell.engine.watershed.terrain import as_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BasinAreas:
    """Pixels of each basin, or voxels.

    Parameters
    ----------
    terrain, basins
        ((Z + 2,) Y + 2, X + 2): distances, and number of the basin of each pixel.
    count
        Of basins, background included.
    workers
        Threads.
    """

    def __init__(
        self,
        terrain: NDArray[np.float32],
        basins: NDArray[np.int32],
        count: int,
        *,
        workers: int,
    ) -> None:
        self._heights, self._numbers = as_rows(terrain), as_rows(basins)
        self._count = count
        self._workers = workers
        # The last foreground threshold with the areas above it.
        self._last: tuple[np.float32, NDArray[np.int64]] | None = None

    @cached_property
    def all(self) -> NDArray[np.int64]:
        """(N + 1,): pixels of each basin; entry 0 means nothing."""
        return self._count_pixels(np.float32(-1), np.float32(np.inf))

    def above(self, foreground_threshold: float) -> NDArray[np.int64]:
        """(N + 1,): pixels of each basin above the threshold; entry 0 means nothing."""
        new = np.float32(foreground_threshold)
        if self._last is None:
            areas = self._count_pixels(new, np.float32(np.inf))
        else:
            old, areas = self._last
            areas = areas + self._count_pixels(new, old) - self._count_pixels(old, new)
        self._last = new, areas
        return areas

    def _count_pixels(self, low: np.float32, high: np.float32) -> NDArray[np.int64]:
        """(N + 1,): pixels of each basin with low < distance <= high."""
        if low >= high:
            return np.zeros(self._count, np.int64)

        def count_band(band: slice) -> NDArray[np.int64]:
            heights, numbers = self._heights[band].ravel(), self._numbers[band].ravel()
            between = heights > low
            between &= heights <= high
            return np.bincount(numbers[np.flatnonzero(between)], minlength=self._count)

        # Every band brings one number per basin: many basins, few bands.
        pixels = max(BAND_PIXELS, 8 * self._count)
        bands = row_bands(*self._heights.shape, pixels=pixels)
        found = map_bands(count_band, bands, workers=self._workers)
        areas: NDArray[np.int64] = np.sum(found, axis=0)
        return areas
