"""Hot and dead pixels, and lines of them, which are no part of the picture.

They differ from the median of their surroundings by more than all else in the plane
spans, and take that median.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURROUNDINGS = 5
"""Side of the median filter: lines two pixels wide do not survive it."""

REACH = SURROUNDINGS // 2

RARE = 0.02
"""Pixels that make up more of the plane are a part of the picture."""

AT_LEAST = 30
"""Outliers differ by so many standard deviations of the noise, too."""

STATISTICS = 2**22
"""The span of large planes is found on some bands with about so many pixels."""

SAMPLE = 2**18
"""Of these, a grid of about so many."""

FILTERED = (np.uint8, np.uint16)
"""Types that OpenCV filters as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Outliers:
    """Outliers of a plane, row by row, and what takes their place."""

    rows: NDArray[np.int64]
    """(N,): ascending."""
    columns: NDArray[np.int64]
    values: NDArray[Any]
    """(N,), of the plane's type."""

    def replaced_in(self, plane: NDArray[Any]) -> NDArray[Any]:
        """A copy of the plane (Y, X) without them."""
        cleaned = plane.copy()
        cleaned[self.rows, self.columns] = self.values
        return cleaned


def find_outliers(plane: NDArray[Any], noise: float) -> Outliers | None:
    """Find isolated outliers, and the median of their surroundings.

    Parameters
    ----------
    plane
        (Y, X), integers or floats.
    noise
        Standard deviation of its noise.

    Returns
    -------
    None if there is none, or more than a few.
    """
    if min(plane.shape) < SURROUNDINGS:
        return None
    middle, unit = _unit(plane)
    bands = list(row_bands(plane.shape))
    step = -(-plane.size // STATISTICS)
    calm = [_calm(plane, rows, middle, unit)[1] for rows in bands[::step]]
    low, high = np.percentile(_sample(calm), (0.1, 99.9))
    least = max(float(high - low), AT_LEAST * noise / unit)
    places: list[tuple[int, int]] = []
    for rows in bands:
        deviation, _ = _calm(plane, rows, middle, unit)
        ys, xs = np.nonzero(deviation > np.float64(least))
        places += zip((ys + rows.start).tolist(), xs.tolist(), strict=True)
        if len(places) > RARE * plane.size:
            return None
    return _outliers(plane, places) if places and least > 0 else None


def _sample(bands: list[NDArray[Any]]) -> NDArray[Any]:
    """Pixels of a regular grid of some bands, flat."""
    step = max(1, round((sum(band.size for band in bands) / SAMPLE) ** 0.5))
    return np.concatenate([band[::step, ::step].ravel() for band in bands])


def _unit(plane: NDArray[Any]) -> tuple[float, float]:
    """Median, and spread of the middle nine tenths, of a grid of the pixels.

    So scaled, one absurd value leaves all others their digits in float32. Integers that
    OpenCV filters as they are need no scale.
    """
    if plane.dtype in FILTERED:
        return 0.0, 1.0
    step = max(1, round((plane.size / SAMPLE) ** 0.5))
    sample = plane[::step, ::step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 1.0
    low, middle, high = np.percentile(sample, (5, 50, 95))
    spread = float(high / 2 - low / 2) or float(sample.max() / 2 - sample.min() / 2)
    return float(middle), spread or 1.0


def _calm(
    plane: NDArray[Any], rows: slice, middle: float, unit: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """How far rows of the plane lie from the median of their surroundings, and it."""
    top = max(0, rows.start - REACH)
    part = plane[top : rows.stop + REACH]
    if plane.dtype not in FILTERED:
        with np.errstate(over="ignore", invalid="ignore"):
            part = np.clip((part.astype(np.float64) - middle) / unit, -1e6, 1e6)
        part = np.nan_to_num(part, nan=0.0).astype(np.float32)
    part = np.ascontiguousarray(part)
    calm = cv2.medianBlur(part, SURROUNDINGS)
    inside = slice(rows.start - top, rows.stop - top)
    return cv2.absdiff(part, calm)[inside], calm[inside]


def _outliers(plane: NDArray[Any], places: list[tuple[int, int]]) -> Outliers:
    values = np.empty(len(places), plane.dtype)
    for number, place in enumerate(places):
        rows, columns = (slice(max(0, at - REACH), at + REACH + 1) for at in place)
        values[number] = np.median(plane[rows, columns].astype(np.float64))
    where = np.array(places, np.int64)
    return Outliers(where[:, 0], where[:, 1], values)
