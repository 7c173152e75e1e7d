"""One correction of a plane of labels: what was there, and what is there now.

An edit holds the pixels of a small region, so that doing and undoing it costs what the
cell costs and not what the plane costs, and is exact. Knows no tools and no viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.measure.runs import AnyLabels

Region: TypeAlias = tuple[slice, slice]
"""Rows and columns, with start and stop in pixels, step 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """Former and new labels of a region of a plane."""

    region: Region
    before: AnyLabels
    """(H, W) labels of the region before."""
    after: AnyLabels
    """(H, W) labels of the region after."""

    @property
    def changed(self) -> Mask:
        """(H, W): pixels that the edit changes."""
        changed: Mask = self.before != self.after
        return changed

    @property
    def ids(self) -> frozenset[int]:
        """Cells that win or lose a pixel."""
        changed = self.changed
        values = np.concatenate([self.before[changed], self.after[changed]])
        return frozenset(np.unique(values).tolist()) - {0}

    def apply(self, plane: AnyLabels) -> None:
        """Do it, in place; what else has changed meanwhile stays."""
        changed = self.changed
        plane[self.region][changed] = self.after[changed]

    def undo(self, plane: AnyLabels) -> None:
        """Take it back, in place."""
        changed = self.changed
        plane[self.region][changed] = self.before[changed]


@dataclass(frozen=True, slots=True, eq=False)
class FoundCell:
    """Where the pixels of one cell are."""

    cell: int
    region: Region
    """The smallest that holds all of them."""
    mask: Mask
    """(H, W) of the region."""

    @property
    def area(self) -> int:
        """Pixels."""
        return int(np.count_nonzero(self.mask))


def find_cell(plane: AnyLabels, cell: int) -> FoundCell:
    """Find all pixels of a cell, which need not be connected.

    Raises
    ------
    EditError
        If the plane has no such cell.
    """
    # Far cheaper than positions of all pixels: the plane is only compared once.
    rows = np.flatnonzero((plane == cell).any(axis=1))
    if cell == 0 or rows.size == 0:
        raise EditError(
            f"There is no cell {cell} in this plane. Click on a cell that is shown."
        )
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero((plane[top:bottom] == cell).any(axis=0))
    region = slice(top, bottom), slice(int(columns[0]), int(columns[-1]) + 1)
    return FoundCell(cell, region, plane[region] == cell)


def grown(region: Region, margin: int, plane: AnyLabels) -> Region:
    """The region with so many pixels around it, within the plane."""
    rows, columns = (
        slice(max(0, part.start - margin), min(length, part.stop + margin))
        for part, length in zip(region, plane.shape, strict=True)
    )
    return rows, columns


def joined(first: Region, second: Region) -> Region:
    """The smallest region that holds both."""
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    return rows, columns


def check_unlocked(cells: Collection[int], locked: Collection[int]) -> None:
    """Refuse to change accepted cells.

    Raises
    ------
    EditError
        If one of the cells is locked.
    """
    refused = sorted(set(cells) & set(locked))
    if refused:
        names = ", ".join(map(str, refused))
        noun, verb = ("Cell", "is") if len(refused) == 1 else ("Cells", "are")
        raise EditError(f"{noun} {names} {verb} locked. Unlock first.")


def check_new_id(plane: NDArray[Any], cell: int) -> None:
    """Refuse an id that the labels cannot hold.

    Raises
    ------
    EditError
        If the dtype of the labels ends below it.
    """
    largest = np.iinfo(plane.dtype).max
    if not 0 < cell <= largest:
        raise EditError(
            f"Expected an id from 1 to {largest} for a new cell, the range of "
            f"{plane.dtype} labels, got {cell}. Convert the layer to int32 "
            "(right-click it in the layer list) and try again."
        )
