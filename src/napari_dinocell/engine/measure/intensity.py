"""Statistics of pixel values over cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.bands import (
    default_workers,
    map_bands,
    row_bands,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.runs import (
        AnyLabels,
        CellRuns,
        Floats,
        Index,
    )

    Summarise = Callable[[NDArray[Any], Index, slice], tuple[Floats, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Intensities:
    """Of N cells, over their finite pixels; NaN for a cell that has none."""

    mean: Floats
    minimum: Floats
    maximum: Floats
    deviation: Floats
    """Of the pixels themselves: divided by their number, not one less."""
    integrated: Floats
    """Sum of the values; 0 for a cell without finite pixels."""


def measure_intensities(
    labels: AnyLabels, runs: CellRuns, image: NDArray[Any]
) -> Intensities:
    """Mean, extremes, standard deviation and sum of the values in each cell.

    Parameters
    ----------
    labels
        Instance ids (Y, X).
    runs
        Of these labels.
    image
        Real values (Y, X). NaN and infinities are left out, as they are by the
        segmentation itself.
    """
    finite, total, low, high = _over_runs(labels, runs, image, _summarise, 4)
    count, integrated = runs.total(finite), runs.total(total)
    known = np.where(count > 0, count, np.nan)
    mean = integrated / known
    squares = partial(_sum_squares, means=mean[runs.cells])
    (distance,) = _over_runs(labels, runs, image, squares, 1)
    return Intensities(
        mean=mean,
        minimum=np.where(count > 0, runs.smallest(low), np.nan),
        maximum=np.where(count > 0, runs.largest(high), np.nan),
        deviation=np.sqrt(runs.total(distance) / known),
        integrated=integrated,
    )


def find_peaks(labels: AnyLabels, runs: CellRuns, image: NDArray[Any]) -> Floats:
    """Largest finite value (N,) in each cell; NaN for a cell without one."""
    finite, _, _, high = _over_runs(labels, runs, image, _summarise, 4)
    return np.where(runs.total(finite) > 0, runs.largest(high), np.nan)


def _over_runs(
    labels: AnyLabels,
    runs: CellRuns,
    image: NDArray[Any],
    summarise: Summarise,
    results: int,
) -> list[Floats]:
    """Call `summarise` for the pixels of cells in each band of rows.

    It gets their values one run after the other, where each run starts among them,
    and which of all runs they are; and gives `results` numbers per run.
    """

    def summarise_band(band: slice) -> tuple[Floats, ...]:
        first, last = np.searchsorted(runs.rows, (band.start, band.stop))
        if first == last:
            return (np.zeros(0),) * results
        lengths = runs.lengths[first:last]
        values = image[band][labels[band] != 0]
        return summarise(values, np.cumsum(lengths) - lengths, slice(first, last))

    bands = row_bands(*runs.shape) or [slice(0, 0)]
    found = map_bands(summarise_band, bands, workers=default_workers())
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _summarise(
    values: NDArray[Any], starts: Index, _: slice
) -> tuple[Floats, Floats, Floats, Floats]:
    """Number of finite values, their sum, minimum and maximum, of each run."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    if finite.all():
        lengths = np.diff(starts, append=len(values)).astype(np.float64)
        low = high = values
    else:
        lengths = np.add.reduceat(finite, starts, dtype=np.float64)
        low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
        values[~finite] = 0
    return (
        lengths,
        np.add.reduceat(values, starts),
        np.minimum.reduceat(low, starts),
        np.maximum.reduceat(high, starts),
    )


def _sum_squares(
    values: NDArray[Any], starts: Index, runs: slice, *, means: Floats
) -> tuple[Floats]:
    """Sum of the squared distances to the cell's mean, of each run.

    A second pass over the pixels: the difference of the sums of squares would lose
    all digits where values are large and alike.
    """
    lengths = np.diff(starts, append=len(values))
    distance = values.astype(np.float64)
    distance[~np.isfinite(distance)] = np.nan
    distance -= np.repeat(means[runs], lengths)
    np.square(distance, out=distance)
    np.nan_to_num(distance, copy=False, nan=0.0)
    return (np.add.reduceat(distance, starts),)
