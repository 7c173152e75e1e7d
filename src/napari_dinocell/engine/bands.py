"""Bands of rows: large planes are worked through piece by piece.

A band is small enough that the temporary arrays of one numpy expression stay in the
processor's cache, and numpy lets go of the interpreter lock inside its loops, so that
two threads can share the bands of one plane.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

BAND_PIXELS = 1 << 17
"""Pixels of one band: half a megabyte per 4-byte temporary."""

Band: TypeAlias = tuple[int | slice, ...]
"""Index of some rows of an array (..., Y, X)."""

Part = TypeVar("Part")
Result = TypeVar("Result")


def default_workers() -> int:
    """Threads that the watershed uses unless told otherwise: two at most."""
    return min(2, os.cpu_count() or 1)


def row_bands(rows: int, width: int, *, pixels: int = BAND_PIXELS) -> list[slice]:
    """Cut `rows` rows of `width` pixels into bands of about `pixels` pixels."""
    height = max(1, pixels // max(1, width))
    return [slice(top, min(top + height, rows)) for top in range(0, rows, height)]


def array_bands(shape: tuple[int, ...]) -> list[Band]:
    """Index of every band of rows of an array (..., Y, X), plane after plane."""
    *leading, height, width = shape
    rows = row_bands(height, width)
    return [(*plane, band) for plane in product(*map(range, leading)) for band in rows]


def map_bands(
    task: Callable[[Part], Result], bands: list[Part], *, workers: int
) -> list[Result]:
    """Results of `task` for every band, in the order of the bands.

    With more than one worker the bands run side by side: `task` must write to
    nothing but its own rows.
    """
    if workers == 1 or len(bands) == 1:
        return [task(band) for band in bands]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(task, bands))
