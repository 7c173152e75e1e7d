"""Cells as runs of pixels along rows: what all measurements are summed over.

A plane has some twenty times fewer runs than pixels, and a sum over a run of
coordinates has a closed form, so that shapes are measured without visiting pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_dinocell.engine.bands import (
    default_workers,
    map_bands,
    row_bands,
)

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Shape2D

AnyLabels: TypeAlias = NDArray[np.integer[Any]]
"""Instance ids (Y, X) of any integer dtype; 0 is background, ids may have gaps."""
Index: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CellRuns:
    """R runs of N cells, in reading order; a run never goes over the end of a row."""

    shape: Shape2D
    ids: Index
    """(N,) ids that occur, ascending."""
    cells: Index
    """(R,) position among `ids` of the cell that each run belongs to."""
    rows: Index
    """(R,) y of each run."""
    columns: Index
    """(R,) x of the first pixel of each run."""
    lengths: Index
    """(R,) pixels of each run."""

    @property
    def count(self) -> int:
        """Number of cells, N."""
        return len(self.ids)

    def total(self, per_run: NDArray[Any]) -> Floats:
        """Sums (N,) over the runs of each cell."""
        sums = np.bincount(self.cells, per_run, minlength=self.count)
        return sums.astype(np.float64, copy=False)

    def smallest(self, per_run: NDArray[Any]) -> NDArray[Any]:
        """Minima (N,) over the runs of each cell, of the dtype of `per_run`."""
        result = np.full(self.count, _highest(per_run.dtype), per_run.dtype)
        np.minimum.at(result, self.cells, per_run)
        return result

    def largest(self, per_run: NDArray[Any]) -> NDArray[Any]:
        """Maxima (N,) over the runs of each cell, of the dtype of `per_run`."""
        result = np.full(self.count, _lowest(per_run.dtype), per_run.dtype)
        np.maximum.at(result, self.cells, per_run)
        return result


def find_runs(labels: AnyLabels) -> CellRuns:
    """Cut the cells of a plane into runs.

    Parameters
    ----------
    labels
        Instance ids (Y, X), not negative.

    Returns
    -------
    All runs of all cells; memory grows with the runs, not with the largest id.
    """
    height, width = labels.shape

    def runs_of(band: slice) -> tuple[Index, Index]:
        """Flat positions where runs start and end, background included."""
        part = labels[band]
        begins = np.ones((part.shape[0], width), np.bool_)
        np.not_equal(part[:, 1:], part[:, :-1], out=begins[:, 1:])
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], part.size)
        inside = part.reshape(-1)[starts] != 0  # a copy where rows are not adjacent
        offset = band.start * width
        return starts[inside] + offset, ends[inside] + offset

    bands = row_bands(height, width) if labels.size else []
    found = map_bands(runs_of, bands, workers=default_workers()) if bands else []
    starts = np.concatenate([s for s, _ in found] or [np.zeros(0, np.int64)])
    ends = np.concatenate([e for _, e in found] or [np.zeros(0, np.int64)])
    rows, columns = np.divmod(starts, max(width, 1))
    ids, cells = np.unique(labels[rows, columns], return_inverse=True)
    return CellRuns(
        (height, width), ids.astype(np.int64), cells, rows, columns, ends - starts
    )


def _highest(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
