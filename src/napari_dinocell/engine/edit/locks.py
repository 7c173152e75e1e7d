"""Which pixels of labels stay as they are, whatever relabels the plane.

Corrected cells are *kept*: thresholds, reruns and other frames do not touch them, the
user's tools do. Accepted cells are *locked*: nothing changes them until they are
unlocked. Background that the user has cleared is kept, too. Knows no viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.edit.edit import Edit, Region, find_cell, joined
from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.watershed.held_cells import HeldPixels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_dinocell.engine.arrays import Mask, Shape2D
    from napari_dinocell.engine.measure.runs import AnyLabels

PlaneIndex: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class KeepChange:
    """What an edit has added to the kept pixels, so that undoing takes it back."""

    region: Region
    added: Mask
    """(H, W) of the region."""
    new: frozenset[int]
    """Cells that were not kept before."""
    gone: frozenset[int]
    """Cells that were kept before and are no more."""


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
        self._held: HeldPixels | None = None

    @property
    def held(self) -> HeldPixels | None:
        """For a watershed; the same object until something changes, None for none."""
        if self._held is None and self.mask.any():
            self._held = HeldPixels(self.mask.copy(), frozenset(self.kept))
        return self._held

    def keep(self, plane: AnyLabels, edit: Edit) -> KeepChange:
        """Keep what an edit has touched: its pixels, and the cells they belong to.

        Parameters
        ----------
        plane
            Labels (Y, X) after the edit.
        edit
            What was changed.
        """
        region, found, gone = edit.region, [], set()
        for cell in edit.ids:
            try:
                found.append(find_cell(plane, cell))
            except EditError:  # deleted, or merged into another
                gone.add(cell)
        for part in found:
            region = joined(region, part.region)
        before = self.mask[region].copy()
        self.mask[edit.region] |= edit.changed
        for part in found:
            self.mask[part.region] |= part.mask
        new = {part.cell for part in found} - self.kept
        change = KeepChange(
            region,
            added=self.mask[region] & ~before,
            new=frozenset(new),
            gone=frozenset(gone & self.kept),
        )
        self._take(change)
        return change

    def redo(self, change: KeepChange) -> None:
        """Keep again what was taken back."""
        self.mask[change.region] |= change.added
        self._take(change)

    def undo(self, change: KeepChange) -> None:
        """Take back what `keep` has added."""
        self.mask[change.region] &= ~change.added
        self.kept -= change.new
        self.locked -= change.new
        self.kept |= change.gone
        self._held = None

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
        self._held = None

    def _take(self, change: KeepChange) -> None:
        self.kept |= change.new
        self.kept -= change.gone
        self.locked -= change.gone
        self._held = None


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
