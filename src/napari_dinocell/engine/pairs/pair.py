"""Nuclei and the cells that they lie in: one id for both, and the cytoplasm between.

The rule
--------
A nucleus belongs to the cell that has most of its pixels, if that is at least half of
them; of two cells with equally many it is the one with the lower id. A cell may have
several nuclei, which then share its id; a nucleus has one cell or none. Cells keep
their ids. The cytoplasm of a cell with a nucleus is the cell without the pixels of any
nucleus, be it another cell's or nobody's.

This is how CellProfiler's RelateObjects relates children to parents, with a threshold
for nuclei that lie mostly in no cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.overlap import checked_labels, match
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.overlap import Matching

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]

LEAST_SHARE = 0.5
"""Of a nucleus' pixels that must lie in its cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCounts:
    """What was found for what, in one plane or in several."""

    paired: int = 0
    """Cells with a nucleus."""
    several: int = 0
    """Those with more than one."""
    cells_alone: int = 0
    """Cells without a nucleus."""
    nuclei_alone: int = 0
    """Nuclei without a cell."""

    def __add__(self, other: PairCounts) -> PairCounts:
        """The sums."""
        return PairCounts(
            paired=self.paired + other.paired,
            several=self.several + other.several,
            cells_alone=self.cells_alone + other.cells_alone,
            nuclei_alone=self.nuclei_alone + other.nuclei_alone,
        )

    def __str__(self) -> str:
        """One sentence for users."""
        several = f" ({self.several} with several)" if self.several else ""
        alone = "nucleus" if self.nuclei_alone == 1 else "nuclei"
        return (
            f"{counted(self.paired, 'cell')} with a nucleus{several}, "
            f"{self.cells_alone} without; {self.nuclei_alone} {alone} without a cell."
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pairs:
    """Cells, nuclei and cytoplasm of a plane, by the ids of the cells."""

    cells: AnyLabels
    """(Y, X), as they were given."""
    nuclei: AnyLabels
    """(Y, X), of their type: 0 where a nucleus has no cell."""
    cytoplasm: AnyLabels
    """(Y, X), likewise: 0 in cells without a nucleus."""
    owners: NDArray[np.int64]
    """(nuclei,): id of the cell of each nucleus, 0 for none; by ascending ids."""
    counts: PairCounts


def pair_cells(cells: AnyLabels, nuclei: AnyLabels) -> Pairs:
    """Find the cell of each nucleus of a plane.

    Parameters
    ----------
    cells, nuclei
        Ids (Y, X) of any integer type; 0 is background, ids may have gaps.

    Returns
    -------
    Nuclei and cytoplasm under the ids of their cells. A nucleus of which less than half
    lies in any one cell has no cell.

    Raises
    ------
    ImageError
        If they are no planes of one shape, a dtype is no integer, or an id is negative.
    """
    cells, nuclei = checked_labels(cells, "cell"), checked_labels(nuclei, "nucleus")
    _check_shapes(cells, nuclei)
    table = match(nuclei, cells)
    owners = _owners(table)
    inside = nuclei != 0
    renamed = np.zeros_like(cells)
    rows = np.searchsorted(table.true_ids, nuclei[inside])
    renamed[inside] = owners[rows].astype(cells.dtype)
    owned, of_each = np.unique(owners[owners > 0], return_counts=True)
    cytoplasm = np.where(inside | ~np.isin(cells, owned), 0, cells)
    counts = PairCounts(
        paired=len(owned),
        several=int(np.count_nonzero(of_each > 1)),
        cells_alone=len(table.predicted_ids) - len(owned),
        nuclei_alone=int(np.count_nonzero(owners == 0)),
    )
    return Pairs(
        cells=cells,
        nuclei=renamed,
        cytoplasm=cytoplasm.astype(cells.dtype, copy=False),
        owners=owners,
        counts=counts,
    )


def _owners(table: Matching) -> NDArray[np.int64]:
    """(nuclei,): id of the cell of each nucleus, 0 for none."""
    owners = np.zeros(len(table.true_ids), np.int64)
    # Ascending by common pixels, then descending by id: the last that is written stays.
    order = np.lexsort((-table.predicted_index, table.intersections))
    nucleus, cell = table.true_index[order], table.predicted_index[order]
    share = table.intersections[order] / table.true_areas[nucleus]
    enough = share >= LEAST_SHARE
    owners[nucleus[enough]] = table.predicted_ids[cell[enough]]
    return owners


def _check_shapes(cells: AnyLabels, nuclei: AnyLabels) -> None:
    if cells.ndim != 2 or cells.shape != nuclei.shape:
        raise ImageError(
            f"Expected cells and nuclei (Y, X) of one shape, got {cells.shape} and "
            f"{nuclei.shape}. Choose labels of the same image; pair a stack plane by "
            "plane."
        )
