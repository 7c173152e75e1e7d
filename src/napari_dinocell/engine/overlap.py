"""The overlap table of two label images: which cells share how many pixels.

Label 0 is background; ids may have gaps and any size; arrays may have any number of
dimensions, equal for both. What the table means for scores is in `metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from napari_dinocell.engine.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.arrays import Mask

AnyLabels: TypeAlias = NDArray[np.integer[Any]]
"""Instance ids of any integer dtype."""
Index: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

TABLE_ROWS = 2**22
"""Largest value that is looked up in a table instead of being sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """K overlapping pairs of T true and P predicted cells."""

    true_ids: AnyLabels
    """(T,) id of each true cell, ascending."""
    true_areas: Index
    """(T,) pixels per true cell."""
    predicted_ids: AnyLabels
    """(P,) likewise."""
    predicted_areas: Index
    """(P,) pixels per predicted cell."""
    true_index: Index
    """(K,) row into `true_areas` of each overlapping pair."""
    predicted_index: Index
    """(K,) row into `predicted_areas` of each overlapping pair."""
    intersections: Index
    """(K,) common pixels of each pair, all positive."""

    @property
    def ious(self) -> Floats:
        """(K,) intersection over union of each pair."""
        union = (
            self.true_areas[self.true_index]
            + self.predicted_areas[self.predicted_index]
            - self.intersections
        )
        return self.intersections / union

    def true_positives(self, threshold: float) -> int:
        """Size of the largest one-to-one matching of pairs with IoU >= threshold.

        Above 0.5 such a pair is the only one of both its cells; at or below it cells
        can compete, and a bipartite matching decides.
        """
        chosen = self.ious >= threshold
        if threshold > 0.5 or not chosen.any():
            return int(np.count_nonzero(chosen))
        # scipy before 1.15 matches by 32-bit indices alone
        rows = self.true_index[chosen].astype(np.int32)
        columns = self.predicted_index[chosen].astype(np.int32)
        shape = (len(self.true_areas), len(self.predicted_areas))
        graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape).tocsr()
        return int(np.count_nonzero(maximum_bipartite_matching(graph) >= 0))


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Flat pixel runs over which neither image changes its id."""

    true: AnyLabels
    predicted: AnyLabels
    pixels: Index
    inner_pixels: Index
    """Those outside the ignored border band."""


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The cells of one image, and the row of each run among them."""

    run_rows: Index
    """Row of each run; -1 on background."""
    ids: AnyLabels
    areas: Index
    in_band: Mask
    """Most of the cell lies in the ignored border band."""


def match(true: AnyLabels, predicted: AnyLabels, *, ignore_border: int = 0) -> Matching:
    """Overlap table of two label images.

    Parameters
    ----------
    true, predicted
        Integer arrays of equal shape (..., Y, X), 0 is background.
    ignore_border
        Width in pixels of a band along the edges of the last two axes that is not
        scored. A true cell is left out when most of it lies in the band; a predicted
        cell shares the fate of the true cell it matches with IoU > 0.5, and without
        one is judged by its own position.

    Raises
    ------
    ImageError
        If shapes differ, a dtype is no integer, or an id is negative.
    """
    true = checked_labels(true, "true")
    predicted = checked_labels(predicted, "predicted")
    if true.shape != predicted.shape:
        raise ImageError(
            f"Expected label images of one shape, got {true.shape} (true) and "
            f"{predicted.shape} (predicted). Resize or crop one of them."
        )
    runs = _find_runs(true, predicted, ignore_border)
    true_cells = _find_cells(runs.true, runs)
    predicted_cells = _find_cells(runs.predicted, runs)
    table = _find_pairs(true_cells, predicted_cells, runs)
    if ignore_border == 0:
        return table
    ignored = predicted_cells.in_band.copy()
    paired = table.ious > 0.5
    partners = table.true_index[paired]
    ignored[table.predicted_index[paired]] = true_cells.in_band[partners]
    return _restrict(table, ~true_cells.in_band, ~ignored)


def checked_labels(labels: AnyLabels, role: str) -> AnyLabels:
    """Refuse what cannot be instance ids.

    Raises
    ------
    ImageError
        If the dtype is no integer, or an id is negative.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "ui":
        raise ImageError(
            f"Expected {role} labels of an integer dtype, got {labels.dtype}. "
            "Convert them with labels.astype(np.int32)."
        )
    if labels.dtype.kind == "i" and labels.size and labels.min() < 0:
        raise ImageError(
            f"Expected {role} labels >= 0, got {labels.min()}. Set those pixels to 0."
        )
    return labels


def _find_runs(true: AnyLabels, predicted: AnyLabels, ignore_border: int) -> _Runs:
    """Run-length form of both images: far fewer entries than pixels."""
    flat_true, flat_predicted = true.ravel(), predicted.ravel()
    if flat_true.size == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return _Runs(flat_true, flat_predicted, nothing, nothing)
    changes = flat_true[1:] != flat_true[:-1]
    changes |= flat_predicted[1:] != flat_predicted[:-1]
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    pixels = np.diff(starts, append=flat_true.size)
    inner_pixels = pixels
    if ignore_border:
        inner = _inner_mask(true.shape, ignore_border).ravel()
        inner_pixels = np.add.reduceat(inner, starts, dtype=np.int64)
    return _Runs(flat_true[starts], flat_predicted[starts], pixels, inner_pixels)


def _inner_mask(shape: Sequence[int], border: int) -> Mask:
    height, width = shape[-2:]
    mask = np.zeros(shape, dtype=bool)
    mask[..., border : max(height - border, 0), border : max(width - border, 0)] = True
    return mask


def _find_cells(run_ids: AnyLabels, runs: _Runs) -> _Cells:
    ids, rows = distinct(run_ids)
    background = int(ids.size > 0 and ids[0] == 0)
    areas = _sums(rows, runs.pixels, len(ids))[background:]
    inner_areas = _sums(rows, runs.inner_pixels, len(ids))[background:]
    return _Cells(rows - background, ids[background:], areas, 2 * inner_areas < areas)


def _find_pairs(true: _Cells, predicted: _Cells, runs: _Runs) -> Matching:
    both = (true.run_rows >= 0) & (predicted.run_rows >= 0)
    columns = max(len(predicted.areas), 1)
    codes, rows = distinct(true.run_rows[both] * columns + predicted.run_rows[both])
    return Matching(
        true_ids=true.ids,
        true_areas=true.areas,
        predicted_ids=predicted.ids,
        predicted_areas=predicted.areas,
        true_index=(codes // columns).astype(np.int64),
        predicted_index=(codes % columns).astype(np.int64),
        intersections=_sums(rows, runs.pixels[both], len(codes)),
    )


def distinct(values: AnyLabels) -> tuple[AnyLabels, Index]:
    """Distinct values >= 0, sorted, and the row of each value among them.

    A table instead of a sort wherever it stays small: ten times as fast.
    """
    if values.size == 0 or int(values.max()) > TABLE_ROWS:
        names, rows = np.unique(values, return_inverse=True)
        return names, rows
    present = np.zeros(int(values.max()) + 1, dtype=bool)
    present[values] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[values]


def _sums(rows: Index, weights: Index, length: int) -> Index:
    """Sum of `weights` per row; exact, as pixel counts stay far below 2**53."""
    return np.bincount(rows, weights, minlength=length).astype(np.int64)


def _restrict(table: Matching, keep_true: Mask, keep_predicted: Mask) -> Matching:
    """The table without the cells that are not kept."""
    pairs = keep_true[table.true_index] & keep_predicted[table.predicted_index]
    new_true = np.cumsum(keep_true) - 1
    new_predicted = np.cumsum(keep_predicted) - 1
    return Matching(
        true_ids=table.true_ids[keep_true],
        true_areas=table.true_areas[keep_true],
        predicted_ids=table.predicted_ids[keep_predicted],
        predicted_areas=table.predicted_areas[keep_predicted],
        true_index=new_true[table.true_index[pairs]],
        predicted_index=new_predicted[table.predicted_index[pairs]],
        intersections=table.intersections[pairs],
    )
