"""Which pixels of labels stay as they are, whatever relabels the plane.

Corrected cells are *kept*: thresholds, reruns and other frames do not touch them, the
user's tools do. Accepted cells are *locked*: no tool changes them until they are
unlocked. Background that the user has cleared is kept, too. So the kept pixels are
always those of the kept cells, and cleared background. Knows no viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.ndimage import label

from napari_dinocell.engine.edit.edit import Edit, Region, find_cell
from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.watershed.held_cells import HeldPixels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_dinocell.engine.arrays import Mask, Shape2D
    from napari_dinocell.engine.measure.runs import AnyLabels

PlaneIndex: TypeAlias = tuple[int, ...]


FEW = 8
"""So many cells are found faster one by one, more in one pass over the plane."""


@dataclass(frozen=True, slots=True, eq=False)
class KeepChange:
    """What was kept of the cells and pixels of an edit before it was made."""

    kept: frozenset[int]
    """Those of its cells that were kept."""
    cleared: Mask
    """(H, W) of its region: background that was kept."""
    era: int
    """Of the plane; `PlaneLocks.clear` begins a new one."""


class PlaneLocks:
    """Kept and locked cells of one plane.

    Parameters
    ----------
    shape
        (Y, X) of the plane.
    """

    def __init__(self, shape: Shape2D) -> None:
        self.mask: Mask = np.zeros(shape, np.bool_)
        """(Y, X): pixels that stay."""
        self.kept: set[int] = set()
        """Corrected and locked cells."""
        self.locked: set[int] = set()
        """Those among them that tools do not change either."""
        self._era = 0
        self._held: HeldPixels | None = None

    @property
    def held(self) -> HeldPixels | None:
        """For a watershed; the same object until something changes, None for none."""
        if self._held is None and self.mask.any():
            self._held = HeldPixels(self.mask.copy(), frozenset(self.kept))
        return self._held

    def count_cleared(self, plane: AnyLabels) -> int:
        """How many places of the labels (Y, X) are kept free of cells."""
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return 0
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return int(label(self.mask[box] & (plane[box] == 0))[1])

    def keep(self, plane: AnyLabels, edit: Edit) -> KeepChange:
        """Keep what an edit has touched: its pixels, and the cells they belong to.

        Parameters
        ----------
        plane
            Labels (Y, X) after the edit.
        edit
            What was changed.

        Returns
        -------
        What `undo` needs to take it back.
        """
        cells = edit.ids
        cleared = self.mask[edit.region] & (edit.before == 0)
        change = KeepChange(cells & self.kept, cleared, self._era)
        self.mask[edit.region] |= edit.changed
        present = _mark(self.mask, plane, cells, True)
        self.kept |= present
        self._forget(cells - present)
        return change

    def undo(self, plane: AnyLabels, edit: Edit, change: KeepChange | None) -> None:
        """Follow an edit that was taken back: keep what was kept before it.

        Cells that were locked since are not what was accepted any more, and are
        unlocked.

        Parameters
        ----------
        plane
            Labels (Y, X) after the edit was taken back.
        edit
            As it was made.
        change
            What `keep` gave; None if the edit was not kept.
        """
        if change is None or change.era != self._era:
            nothing = np.zeros(edit.before.shape, np.bool_)
            change = KeepChange(frozenset(), nothing, self._era)
        cells = edit.ids
        here, empty = self.mask[edit.region], plane[edit.region] == 0
        here[edit.changed & empty] = change.cleared[edit.changed & empty]
        self._forget(cells)
        _mark(self.mask, plane, cells - change.kept, False)
        self.kept |= _mark(self.mask, plane, change.kept, True)

    def lock(self, plane: AnyLabels, cells: Iterable[int]) -> None:
        """Lock cells.

        Raises
        ------
        EditError
            If the plane has no such cell; those before it are locked.
        """
        for cell in cells:
            part = find_cell(plane, cell)
            self.mask[part.region] |= part.mask
            self.kept.add(cell)
            self.locked.add(cell)
        self._held = None

    def unlock(self, plane: AnyLabels, cells: Iterable[int]) -> None:
        """Leave cells to tools, thresholds and reruns again.

        Raises
        ------
        EditError
            If the plane has no such cell; those before it are unlocked.
        """
        for cell in cells:
            part = find_cell(plane, cell)
            self.mask[part.region] &= ~part.mask
            self.kept.discard(cell)
            self.locked.discard(cell)
        self._held = None

    def clear(self) -> None:
        """Keep nothing."""
        self.mask[:] = False
        self.kept.clear()
        self.locked.clear()
        self._era += 1
        self._held = None

    def _forget(self, cells: frozenset[int]) -> None:
        self.kept -= cells
        self.locked -= cells
        self._held = None


def _mark(
    mask: Mask, plane: AnyLabels, cells: frozenset[int], value: bool
) -> frozenset[int]:
    """Set the mask where these cells are; those of them that are there."""
    if len(cells) > FEW:
        inside = np.isin(plane, list(cells))
        mask[inside] = value
        return frozenset(np.unique(plane[inside]).tolist())
    present = set()
    for cell in cells:
        try:
            part = find_cell(plane, cell)
        except EditError:  # deleted, or merged into another
            continue
        mask[part.region][part.mask] = value
        present.add(cell)
    return frozenset(present)


class StackLocks:
    """Kept and locked cells of all planes of labels (..., Y, X).

    Planes that nobody has corrected cost nothing.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.guard = RLock()
        """Held while labels and locks change together: workers write labels, too."""
        self._planes: dict[PlaneIndex, PlaneLocks] = {}

    def plane(self, index: PlaneIndex) -> PlaneLocks:
        """Locks of a plane, made if there are none."""
        if index not in self._planes:
            self._planes[index] = PlaneLocks((self.shape[-2], self.shape[-1]))
        return self._planes[index]

    def of(self, index: PlaneIndex) -> PlaneLocks | None:
        """Locks of a plane; None if nothing was ever kept there."""
        return self._planes.get(index)

    def held(self, index: PlaneIndex) -> HeldPixels | None:
        """What a watershed of a plane has to leave out."""
        locks = self._planes.get(index)
        return None if locks is None else locks.held

    def kept_planes(self) -> list[PlaneIndex]:
        """Planes with kept pixels."""
        return sorted(i for i, locks in self._planes.items() if locks.held is not None)

    def take_over(self, other: StackLocks) -> None:
        """Keep what another object for labels of the same shape keeps."""
        with self.guard:
            self._planes.update(other._planes)

    def write(
        self, labels: Any, index: PlaneIndex, region: Region, values: AnyLabels | int
    ) -> None:
        """Write labels into a region of a plane, but for kept pixels.

        Parameters
        ----------
        labels
            numpy or zarr, (..., Y, X).
        index
            Of the plane.
        region
            Rows and columns.
        values
            (H, W), or one value for all.
        """
        with self.guard:
            held = self.held(index)
            place: Any = (*index, *region)
            if held is None:
                labels[place] = values
                return
            free = held.free[region]
            if isinstance(labels, np.ndarray):
                np.copyto(labels[place], values, where=free)
            else:
                labels[place] = np.where(free, values, labels[place])
