"""Through how many slices of a volume each cell goes, at any foreground threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SliceHeights:
    """How high each basin rises in each slice that it goes through.

    Parameters
    ----------
    terrain, basins
        (Z + 2, Y + 2, X + 2): distances, and number of the basin of each voxel.
    """

    def __init__(self, terrain: NDArray[np.float32], basins: NDArray[np.int32]) -> None:
        found = [
            _highest(heights.ravel(), numbers.ravel())
            for heights, numbers in zip(terrain, basins, strict=True)
        ]
        self._basins = np.concatenate([numbers for numbers, _ in found])
        self._heights = np.concatenate([heights for _, heights in found])
        self._slices = np.repeat(
            np.arange(len(found), dtype=np.int32), [len(part) for part, _ in found]
        )

    def of_cells(
        self, table: NDArray[np.int32], foreground_threshold: float
    ) -> NDArray[np.int32]:
        """Slices from the first to the last one of each cell.

        Parameters
        ----------
        table
            (N + 1,): cell of each basin, 0 where it belongs to none.
        foreground_threshold
            What a voxel must rise above to count.

        Returns
        -------
        (N + 1,), by the cells' ids.
        """
        above = self._heights > np.float32(foreground_threshold)
        cells, slices = table[self._basins[above]], self._slices[above]
        first = np.full(table.size, np.iinfo(np.int32).max, np.int32)
        last = np.full(table.size, -1, np.int32)
        np.minimum.at(first, cells, slices)
        np.maximum.at(last, cells, slices)
        return np.where(last < 0, 0, last - first + 1).astype(np.int32)


def _highest(
    heights: NDArray[np.float32], numbers: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The basins in a slice, ascending, and how high each one rises there."""
    inside = np.flatnonzero(numbers)
    highest = np.zeros(int(numbers.max()) + 1, np.float32)
    np.maximum.at(highest, numbers[inside], heights[inside])
    present = np.flatnonzero(highest).astype(np.int32)
    return present, highest[present]
