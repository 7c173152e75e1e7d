"""Steepest ascent: where a drop that runs uphill goes from each pixel.

Each pixel points to the highest of its neighbours, if one is higher than itself.
What this rule leaves open (flat ground, equally high neighbours) is only collected
here and decided in `plateaus`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands
from napari_dinocell.engine.watershed.terrain import as_rows, neighbour_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.watershed.terrain import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """The way uphill from every site of a terrain."""

    target: NDArray[np.int32]
    """((Z + 2,) Y + 2, X + 2): site of the highest neighbour; the site itself where
    none is higher; 0 for background."""
    flat: Sites
    """Sites that no neighbour overtops, ascending: summits and inner plateaus."""
    tied: Sites
    """Sites with several equally high ways up, ascending."""


def climb(terrain: DistanceMap, *, workers: int = 1) -> Ascent:
    """Point every pixel of a rimmed terrain at its highest neighbour."""
    heights = terrain.ravel()
    target = np.zeros(terrain.shape, np.int32)
    steps = neighbour_steps(terrain)
    stride = terrain.shape[-1]
    rim = steps[-1] // stride  # rows before and behind all others

    def climb_band(band: slice) -> tuple[Sites, Sites]:
        sites = slice((rim + band.start) * stride, (rim + band.stop) * stride)
        return _climb_sites(heights, target.ravel(), steps, sites)

    bands = row_bands(len(as_rows(terrain)) - 2 * rim, stride)
    found = map_bands(climb_band, bands, workers=workers)
    nothing = np.zeros(0, np.intp)
    return Ascent(
        target=target,
        flat=np.concatenate([nothing, *(flat for flat, _ in found)]),
        tied=np.concatenate([nothing, *(tied for _, tied in found)]),
    )


def _climb_sites(
    heights: NDArray[np.float32],
    target: NDArray[np.int32],
    steps: tuple[int, ...],
    sites: slice,
) -> tuple[Sites, Sites]:
    """Fill some of `target`; return which of these sites are flat, and which tied.

    The neighbours as high as the highest one are a set of at most six: a byte with a
    bit for each, and a table of all such sets says which step leads up.
    """
    here = heights[sites]
    ways = [heights[sites.start + step : sites.stop + step] for step in steps]
    best = np.maximum(ways[0], ways[1])
    for way in ways[2:]:
        np.maximum(best, way, out=best)
    which = np.zeros(here.size, np.uint8)
    for bit, way in enumerate(ways):
        highest = (way == best).view(np.uint8)
        highest <<= bit
        which |= highest

    ground = here != 0  # never the rim, whose neighbours are not its own
    rises = best > here
    rises &= ground
    tied = (which & (which - np.uint8(1))) != 0
    tied &= rises

    aims = target[sites]
    np.take(_first_steps(steps), which, out=aims, mode="clip")
    aims += np.arange(sites.start, sites.stop, dtype=np.int32)
    aims *= rises
    flat = np.flatnonzero(ground > rises) + sites.start
    target[flat] = flat
    return flat, np.flatnonzero(tied) + sites.start


def _first_steps(steps: tuple[int, ...]) -> NDArray[np.int32]:
    """(2**N,): of each set of steps, written as bits, the first one; 0 of none."""
    table = np.zeros(1 << len(steps), np.int32)
    sets = np.arange(table.size)
    for bit, step in reversed(list(enumerate(steps))):
        table[sets & 1 << bit > 0] = step
    return table
