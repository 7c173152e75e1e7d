"""Linking: a cell keeps its id through the frames of a time-lapse or slices of a stack.

Tracking by overlap (Bochinski et al. 2017): of two neighbouring pages, the pairs of
cells are taken that are one-to-one and have the largest sum of IoU (intersection over
union). This is the assignment problem (Kuhn 1955), solved on the pairs that overlap at
all by the sparse Jonker-Volgenant algorithm of SciPy. What overlaps with nothing gets a
new id, never that of a cell that ended.

- A pair with IoU < `MIN_OVERLAP` is none. A disc falls below it when it moves by more
  than 0.7 of its diameter between two pages.
- A cell that is missing in a single page keeps its id: what is left over is compared
  with the cells that were lost there. Thresholds lose a faint cell now and then, or
  join two.
- When a cell divides, a daughter that still overlaps with it keeps the id, the one that
  overlaps most; others get new ids. Overlap cannot tell a division from a cell that is
  cut in two by mistake, which is more frequent.
- Pages along several axes, such as frames and slices, are linked with the neighbours
  before them along each axis.

Only names change: the pixels of every cell stay the same.

References
----------
E. Bochinski, V. Eiselein, T. Sikora, "High-speed tracking-by-detection without using
image information", IEEE AVSS (2017).
H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics
Quarterly 2 (1955).
R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse
linear assignment problems", Computing 38 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, eye_array, hstack
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.overlap import (
    AnyLabels,
    Index,
    checked_labels,
    distinct,
    match,
)

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Labels

PageIndex: TypeAlias = tuple[int, ...]
"""Index of a page along the axes before (Y, X)."""

Ids: TypeAlias = NDArray[np.int64]

MIN_OVERLAP = 0.1
"""Smallest IoU of a cell with itself in the next page."""

LARGEST_ID = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """What later pages are compared with."""

    labels: Labels
    """Linked ids."""
    ids: Ids
    """(N,) those of its cells; 0 may be among them."""
    lost: Labels | None
    """Cells of its neighbours before it that it lacks, where they were; None if it
    lacks none, as most pages do."""


class PageLinker:
    """Renames the cells of one page after the other.

    Keeps only pages that are still to be compared with: one for a time-lapse, one
    frame for frames of slices. The same pages give the same ids, always.
    """

    def __init__(self) -> None:
        self._pages: dict[PageIndex, _Page] = {}
        self._largest = 0

    def link(self, labels: AnyLabels, index: PageIndex) -> Labels:
        """Give the cells of a page the ids that they have in the pages before.

        Parameters
        ----------
        labels
            Integer ids (Y, X) of this page alone; 0 is background.
        index
            Of the page, in row-major order from call to call. Indices may be left out:
            nothing is linked across them.

        Returns
        -------
        (Y, X), int32: the same cells. The first page with cells keeps its ids.

        Raises
        ------
        ImageError
            If the shape differs from that of pages before, the dtype is no integer,
            an id is negative, or ids pass the range of int32.
        """
        labels = checked_labels(labels, "page")
        self._check_shape(labels)
        ids, rows = distinct(labels.ravel())
        names = ids.astype(np.int64)
        before = self._neighbours(index)
        if self._largest:
            names[ids > 0] = self._find_names(
                labels, int(np.count_nonzero(ids)), before
            )
        self._largest = max(self._largest, int(names.max(initial=0)))
        if self._largest > LARGEST_ID:
            raise ImageError(
                f"Expected ids up to {LARGEST_ID}, got {self._largest}. Number the "
                "cells of the first page from 1."
            )
        linked = names.astype(np.int32)[rows].reshape(labels.shape)
        lost = _lost_cells(linked, names, before)
        self._pages[index] = _Page(linked, names, lost)
        self._forget(index)
        return linked.copy()  # the caller's own

    def _neighbours(self, index: PageIndex) -> list[_Page]:
        """Those before a page, one along each axis."""
        indices = (
            (*index[:axis], position - 1, *index[axis + 1 :])
            for axis, position in enumerate(index)
        )
        return [self._pages[known] for known in indices if known in self._pages]

    def _forget(self, index: PageIndex) -> None:
        """Drop pages that are neighbours of none behind this one, row by row."""
        for known in list(self._pages):
            last_neighbour = (known[0] + 1, *known[1:]) if known else ()
            if last_neighbour <= index:
                del self._pages[known]

    def _check_shape(self, labels: AnyLabels) -> None:
        for index, page in self._pages.items():
            if page.labels.shape != labels.shape:
                raise ImageError(
                    f"Expected a page of shape {page.labels.shape} as page {index} "
                    f"has, got {labels.shape}. Link only pages of one stack."
                )

    def _find_names(self, labels: AnyLabels, cells: int, before: list[_Page]) -> Ids:
        """(cells,): id of each cell of a page, by ascending own id."""
        names = np.zeros(cells, np.int64)
        _link_unknown(names, labels, [page.labels for page in before])
        lost = [page.lost for page in before if page.lost is not None]
        _link_unknown(names, labels, lost)
        unknown = names == 0
        first = self._largest + 1
        names[unknown] = np.arange(first, first + np.count_nonzero(unknown))
        return names


def _lost_cells(linked: Labels, present: Ids, before: list[_Page]) -> Labels | None:
    lost = None
    for page in before:
        gone = np.setdiff1d(page.ids, np.append(present, 0))
        if gone.size:
            lost = np.zeros_like(linked) if lost is None else lost
            np.copyto(lost, page.labels, where=np.isin(page.labels, gone))
    return lost


def _link_unknown(names: Ids, labels: AnyLabels, others: list[Labels]) -> None:
    """Give cells without a name, in place, names of other pages that are still free.

    Parameters
    ----------
    names
        (cells,), by ascending own id; 0 for cells without one.
    labels
        Of the page, with own ids.
    others
        Pages with linked ids.
    """
    ids: list[AnyLabels] = [names[:0]]
    rows, overlaps = [names[:0]], [np.zeros(0)]
    for other in others:
        found = match(other, labels)
        pairs = found.ious >= MIN_OVERLAP
        pairs &= names[found.predicted_index] == 0
        pairs &= ~np.isin(found.true_ids, names)[found.true_index]
        ids.append(found.true_ids[found.true_index[pairs]])
        rows.append(found.predicted_index[pairs])
        overlaps.append(found.ious[pairs] / len(others))
    free, columns = np.unique(np.concatenate(ids), return_inverse=True)
    if free.size:
        places = np.concatenate(rows), columns
        partner = _assign(np.concatenate(overlaps), places, (len(names), len(free)))
        names[partner >= 0] = free[partner[partner >= 0]]


def _assign(
    overlaps: NDArray[np.float64], places: tuple[Index, Index], shape: tuple[int, int]
) -> Index:
    """One-to-one pairs of rows and columns with the largest sum of overlaps.

    Parameters
    ----------
    overlaps
        In (0, 1]; at most 1 in sum where a pair is named several times.
    places
        Row and column of each.

    Returns
    -------
    (rows,): column of each row, -1 for none.
    """
    rows, columns = shape
    pairs = coo_array((overlaps, places), shape).tocsr()  # adds up
    pairs.data = 2 - pairs.data  # weights of 0 would be no pairs to the solver
    alone = 2 * eye_array(rows)  # every row may stay by itself, in its own column
    _, partner = min_weight_full_bipartite_matching(hstack([pairs, alone]).tocsr())
    return np.where(partner < columns, partner, -1)
