"""The cells of one map at one pair of thresholds: their table, labels and number.

The table says which cell each basin belongs to. It is computed once, by
`LiveWatershed.query`; labels, of the plane or a window, and the count read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import array_bands, map_bands
from napari_dinocell.engine.watershed.fill_holes import fill_holes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.bands import Band
    from napari_dinocell.engine.config import WatershedConfig

Window = tuple[int | slice, ...]
"""(Slices,) rows and columns, as for indexing an array; steps thin the pixels out. The
number of a slice leaves its plane (Y, X)."""

WHOLE: Window = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellQuery:
    """What a watershed finds at one pair of thresholds."""

    config: WatershedConfig
    """Thresholds, sizes and border, which judge cells before holes are filled, and
    whether holes are filled."""
    table: NDArray[np.int32]
    """(N + 1,): cell id of each basin, 0 where it belongs to none."""
    terrain: NDArray[np.float32]
    """((Z,) Y, X): distances."""
    basins: NDArray[np.int32]
    """((Z,) Y, X): basin of each pixel, 0 for background."""
    workers: int = 1

    def labels(self, window: Window = WHOLE) -> Labels:
        """Labels of the whole map, or of a window: the same pixels, for less work.

        Only holes are seen from the window: it fills those that lie inside it and do
        not touch its border, and with steps judges by the pixels that are left.

        Returns
        -------
        ((Z,) Y, X), int32: a new array; ids are stable between queries of one map but
        not consecutive.
        """
        if not self.table.any():  # zeros cost no memory until they are written to
            return np.zeros(self.basins[window].shape, np.int32)
        foreground = np.float32(self.config.foreground_threshold)
        distances, basins = self.terrain[window], self.basins[window]
        labels = np.empty(basins.shape, np.int32)

        def look_up(band: Band) -> None:
            np.take(self.table, basins[band], out=labels[band], mode="clip")
            labels[band] *= distances[band] > foreground

        map_bands(look_up, array_bands(basins.shape), workers=self.workers)
        return fill_holes(labels) if self.config.fill_holes else labels

    def spend(self) -> Labels:
        """Labels of the map before holes are filled, in the memory of its basins.

        Neither this query nor its watershed can be asked anything afterwards.

        Returns
        -------
        ((Z,) Y, X), int32, C-contiguous.
        """
        shape = self.basins.shape
        if not self.table.any():
            return np.zeros(shape, np.int32)
        foreground = np.float32(self.config.foreground_threshold)
        memory = self.basins.base
        assert isinstance(memory, np.ndarray)
        labels = memory.ravel()[: prod(shape)].reshape(shape)
        for band in array_bands(shape):  # each row moves up, over rows long read
            found = np.take(self.table, self.basins[band], mode="clip")
            found *= self.terrain[band] > foreground
            labels[band] = found
        return labels

    def count(self) -> int:
        """Number of cells, without making the image; filling holes changes none.

        Held cells are not among them.
        """
        return int(np.unique(self.table[self.table > 0]).size)
