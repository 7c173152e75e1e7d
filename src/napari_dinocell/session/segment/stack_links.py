"""One id per cell through the planes of a result; knows no Qt and no layers.

The watershed numbers the cells of each plane by itself: these are *own* ids, and they
stay while thresholds move. Linking goes from plane to plane and gives every cell a name
for the stack. Names are kept, so that a plane can be relabelled alone and at once while
a slider moves; when it rests, all planes are linked anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.link import PageLinker

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.lineage.rename import Renames
    from napari_dinocell.session.regions import PlaneIndex, Region


class StackLinks:
    """What the cells of each plane are called in the stack.

    Parameters
    ----------
    plane_shape
        (Y, X) of the planes.
    """

    def __init__(self, plane_shape: tuple[int, int]) -> None:
        self.wanted = False
        """Whether a cell shall have one id in all planes."""
        self._plane_shape = plane_shape
        self._linker = PageLinker()
        self._linked: set[PlaneIndex] = set()
        self._names: dict[PlaneIndex, NDArray[np.int32]] = {}
        self._largest = 0

    def outdated(self, finished: Collection[PlaneIndex]) -> bool:
        """Whether the ids of these planes are not those that are wanted."""
        return self._linked != set(finished) if self.wanted else bool(self._names)

    def start(self) -> None:
        """Begin anew with the first plane; names stay until there are others."""
        self._linker = PageLinker()
        self._linked.clear()

    def settle(
        self, index: PlaneIndex, region: Region, own: Labels, kept: Labels | None = None
    ) -> Labels:
        """Ids that a plane is to show: names if they are wanted, else its own.

        Parameters
        ----------
        index
            Of the plane; row-major from call to call after `start`.
        region
            Rows and columns of the plane that were segmented.
        own
            Own ids (Y, X) of that region.
        kept
            Labels (Y, X) of the plane's cells that keep their ids, none of which is an
            own id. They link the cells before and after them, and no other cell of the
            plane is called as they are.
        """
        if not self.wanted:
            self._names.pop(index, None)
            return own
        plane = np.zeros(self._plane_shape, np.int32)
        plane[region] = own
        names = np.zeros(int(own.max(initial=0)) + 1, np.int32)
        if kept is None:
            names[own] = self._linker.link(plane, index)[region]
            self._largest = max(self._largest, int(names.max()))
        else:
            plane = np.where(kept > 0, kept, plane)
            named, free = self._linker.link(plane, index)[region], kept[region] == 0
            names[own[free]] = named[free]
            self._avoid(names, kept)
        self._names[index] = names
        self._linked.add(index)
        return names[own]

    def _avoid(self, names: NDArray[np.int32], kept: Labels) -> None:
        """Rename, in place, what is called as a kept cell is."""
        self._largest = max(self._largest, int(names.max()), int(kept.max()))
        clash = np.flatnonzero(np.isin(names, kept[kept > 0]))
        names[clash] = self._largest + 1 + np.arange(len(clash))
        self._largest += len(clash)

    def take_names(self, index: PlaneIndex, names: Renames) -> None:
        """Call cells of a plane otherwise, until planes are linked anew."""
        own = self._names.get(index)
        if own is not None:
            new = rename_cells(own, names, index[0]).astype(np.int32)
            self._names[index] = new
            self._largest = max(self._largest, int(new.max(initial=0)))

    def rename(self, index: PlaneIndex, own: Labels) -> Labels:
        """Names instead of own ids, for a plane at other thresholds.

        A cell that had none gets a number beyond all names, until it is linked.
        """
        names = self._names.get(index)
        if names is None:
            return own
        count = max(int(own.max(initial=0)) + 1, names.size)
        table = np.arange(self._largest, self._largest + count, dtype=np.int32)
        table[0] = 0
        known = np.flatnonzero(names)
        table[known] = names[known]
        return table[own]
