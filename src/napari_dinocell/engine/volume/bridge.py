"""Slices in which a cell is missing, but which it goes through.

A slice may be out of focus, or the network may overlook a cell in it. What is high in
the slices before and behind a gap is high in the gap: the grey closing along z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap


def bridge_gaps(maps: DistanceMap, slices: int, *, workers: int = 1) -> None:
    """Close gaps of up to so many slices, **in place**.

    Nothing is lowered, and the first and the last slice stay as they are.

    Parameters
    ----------
    maps
        (Z, Y, X), float32: one map per slice.
    slices
        Longest gap; 0 changes nothing.
    workers
        Threads.
    """
    depth, height, width = maps.shape
    if slices == 0 or depth < 3:
        return

    def close(rows: slice) -> None:
        given = maps[:, rows].copy()
        for z in range(1, depth - 1):
            before = given[max(0, z - slices) : z].max(axis=0)
            behind = given[z + 1 : z + 1 + slices].max(axis=0)
            np.maximum(maps[z, rows], np.minimum(before, behind), out=maps[z, rows])

    map_bands(close, row_bands(height, width * depth), workers=workers)
