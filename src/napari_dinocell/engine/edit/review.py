"""Cells that a user should look at first: those that are probably wrong.

Judged by what `measure` finds: a low peak of the distance map, an unusual size or
shape, and edges cut off by the border of what was segmented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.measure.measure_cells import (
    BOX,
    CONFIDENCE,
    LABEL,
    measure_cells,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.edit.edit import Region
    from napari_dinocell.engine.measure.runs import AnyLabels

LOW_PEAK = 0.65
"""A model that is sure of a cell gives its innermost pixel a distance near 1."""

OUTLIER = 3.5
"""Robust standard deviations (Iglewicz and Hoaglin 1993) that make an outlier."""

FEWEST = 8
"""Cells; among fewer nothing is usual, and so nothing unusual."""

NORMALISED = 0.6745
"""Median absolute deviation of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One cell to look at."""

    cell: int
    box: Region
    reasons: tuple[str, ...]
    """In plain words, the weightiest first."""


def find_doubtful(
    labels: AnyLabels,
    *,
    distance: NDArray[Any] | None = None,
    region: Region | None = None,
) -> list[Doubt]:
    """Cells of a plane to look at, the most doubtful first.

    Parameters
    ----------
    labels
        (Y, X).
    distance
        Distance map (Y, X), if there is one.
    region
        Rows and columns that were segmented; None for the whole plane, whose own
        border says nothing about a cell.

    Raises
    ------
    ImageError
        If labels or map are no planes of one shape.
    """
    columns = measure_cells(labels, distance=distance)
    ids = columns[LABEL]
    weights = {
        "low peak": _lack(columns.get(CONFIDENCE)),
        "unusual size": _outlying(np.log(columns["area_px"])),
        "unusual shape": np.where(
            columns["solidity"] < np.median(columns["solidity"]) if len(ids) else 0,
            _outlying(columns["solidity"]),
            0,
        ),
        "cut off by the border": _cut(columns, region, labels.shape),
    }
    total = np.zeros(len(ids))
    for weight in weights.values():
        total = total + (0 if weight is None else weight)
    order = [row for row in np.argsort(-total, kind="stable") if total[row] > 0]
    return [_doubt(row, columns, weights) for row in order]


def _doubt(
    row: int, columns: dict[str, NDArray[Any]], weights: dict[str, Any]
) -> Doubt:
    own = {
        reason: float(weight[row])
        for reason, weight in weights.items()
        if weight is not None and weight[row] > 0
    }
    top, left, bottom, right = (int(columns[name][row]) for name in BOX)
    return Doubt(
        cell=int(columns[LABEL][row]),
        box=(slice(top, bottom), slice(left, right)),
        reasons=tuple(sorted(own, key=lambda reason: -own[reason])),
    )


def _lack(peaks: NDArray[Any] | None) -> NDArray[np.float64] | None:
    """How far peaks are below what a sure cell has, from 0 to 2."""
    if peaks is None:
        return None
    lack = np.clip((LOW_PEAK - np.nan_to_num(peaks, nan=1.0)) / LOW_PEAK, 0, 1)
    weight: NDArray[np.float64] = np.asarray(2 * lack, np.float64)
    return weight


def _outlying(values: NDArray[Any]) -> NDArray[np.float64]:
    """How far values are beyond what is usual, from 0 to 1."""
    if len(values) < FEWEST:
        return np.zeros(len(values))
    away = np.abs(values - np.median(values))
    spread = max(float(np.median(away)), 1e-3)
    deviations = NORMALISED * away / spread
    weight = 1 - OUTLIER / np.maximum(deviations, OUTLIER) / 2
    outlying: NDArray[np.float64] = np.where(deviations > OUTLIER, weight, 0.0)
    return outlying


def _cut(
    columns: dict[str, NDArray[Any]], region: Region | None, shape: tuple[int, ...]
) -> NDArray[np.float64] | None:
    """0.5 for cells at a border of the region that is not the image's."""
    if region is None:
        return None
    rows, right = region
    cut = np.zeros(len(columns[LABEL]), np.bool_)
    for part, length, first, last in (
        (rows, shape[0], BOX[0], BOX[2]),
        (right, shape[1], BOX[1], BOX[3]),
    ):
        if part.start > 0:
            cut |= columns[first] == part.start
        if part.stop < length:
            cut |= columns[last] == part.stop
    weight: NDArray[np.float64] = np.where(cut, 0.5, 0.0)
    return weight
