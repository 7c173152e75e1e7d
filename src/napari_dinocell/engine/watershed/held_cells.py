"""Cells that a watershed no longer finds, since the user has corrected them.

Pixels of corrected cells are *held*: no threshold changes them. A watershed would find
the same cells there again, as rims around what is held. So

- a basin whose summit is held takes no part: its cell is known already,
- what is left of a cell needs a seed of its own, and is called by its highest basin,
- a cell that is held for the most part is not found at all,
- no cell is called as a held one is.

All of this is decided for basins, not for pixels, and does not depend on the foreground
threshold: cells do not flicker while it moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask


@dataclass(frozen=True, eq=False)
class HeldPixels:
    """Pixels of a plane or volume that a watershed has to leave out."""

    mask: Mask
    """((Z,) Y, X): corrected cells, and background where the user wants none."""
    ids: frozenset[int]
    """Of the corrected cells."""

    @cached_property
    def free(self) -> Mask:
        """((Z,) Y, X): all other pixels."""
        return ~self.mask


class HeldBasins:
    """What held pixels mean for the basins of one watershed.

    Parameters
    ----------
    held
        Pixels of the map.
    terrain, basins
        ((Z,) Y, X): distances, and number of the basin of each pixel.
    heights
        (N + 1,): height of each basin's summit, descending after entry 0.
    areas
        (N + 1,): pixels of each basin.
    """

    def __init__(
        self,
        held: HeldPixels,
        *,
        terrain: NDArray[np.float32],
        basins: NDArray[np.int32],
        heights: NDArray[np.float32],
        areas: NDArray[np.int64],
    ) -> None:
        self.held = held
        self._heights = heights
        self._areas = areas
        numbers, distances = basins[held.mask], terrain[held.mask]
        self._covered = np.bincount(numbers, minlength=heights.size)
        self._taken = np.zeros(heights.size, np.bool_)
        self._taken[numbers[distances >= heights[numbers]]] = True

    def leave_out(
        self, table: NDArray[np.int32], seed_threshold: float
    ) -> NDArray[np.int32]:
        """Cells that are still to be found.

        Parameters
        ----------
        table
            (N + 1,): cell of each basin as without held pixels, 0 for none.
        seed_threshold
            What a cell's highest basin must rise above.

        Returns
        -------
        (N + 1,), int32.
        """
        cells = np.where(self._taken, 0, table)
        cells = _called_by_highest(cells)
        cells[self._heights[cells] <= np.float32(seed_threshold)] = 0
        size = table.size
        covered = np.bincount(cells, self._covered, size)
        areas = np.bincount(cells, self._areas, size)
        cells[(2 * covered > areas)[cells]] = 0
        return self._renamed(cells)

    def _renamed(self, cells: NDArray[np.int32]) -> NDArray[np.int32]:
        """With numbers beyond all basins where a held cell has the id."""
        taken = np.array(sorted(i for i in self.held.ids if i < cells.size), np.int64)
        if taken.size == 0:
            return cells
        beyond = max(cells.size, *self.held.ids) + 1
        names = np.arange(cells.size, dtype=np.int32)
        names[taken] = beyond + np.arange(taken.size)
        return names[cells]


def _called_by_highest(cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Each group of basins gets the number of its highest, which is its smallest."""
    numbers = np.arange(cells.size, dtype=np.int32)
    first = np.zeros(cells.size, np.int32)
    first[cells[::-1]] = numbers[::-1]  # of several, the last that is written stays
    first[0] = 0
    return first[cells]
