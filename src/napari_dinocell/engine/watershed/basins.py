"""Basins: all pixels from which steepest ascent reaches the same summit.

Following the pointers of `ascent` is done for all pixels at once by pointer jumping:
replacing each pointer by its target's pointer doubles the length of every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_dinocell.engine.bands import map_bands, row_bands
from napari_dinocell.engine.watershed.ascent import climb
from napari_dinocell.engine.watershed.memory import require_memory_of_sites
from napari_dinocell.engine.watershed.plateaus import settle_plateaus
from napari_dinocell.engine.watershed.terrain import steps_ahead, within_rim

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.watershed.terrain import Sites

DENSE_JUMPS = 5
"""Jumps of the whole plane before only unfinished pixels go on: slopes of real maps
are some 30 pixels long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basins:
    """A plane divided among its summits, numbered from the highest summit down."""

    numbers: NDArray[np.int32]
    """((Z + 2,) Y + 2, X + 2): basin of each pixel, 0 for background and the rim."""
    heights: NDArray[np.float32]
    """(N + 1,): height of each basin's summit, descending; entry 0 is background."""
    sites: Sites
    """(N + 1,): each summit's first site in reading order; entry 0 is background."""


def find_basins(terrain: DistanceMap, *, workers: int = 1) -> Basins:
    """Basins of a rimmed terrain ((Z + 2,) Y + 2, X + 2).

    A regional maximum of several pixels is one summit, however large it is. Summits of
    equal height are numbered in reading order.
    """
    ascent = climb(terrain, workers=workers)
    require_memory_of_sites(
        ascent.flat.size + ascent.tied.size, terrain[within_rim(terrain)].shape
    )
    summits = settle_plateaus(terrain, ascent)
    ranks, heights = _rank_summits(terrain, summits)
    sites = np.zeros(heights.size, np.intp)
    sites[ranks[::-1]] = summits[::-1]  # of several, the last that is written stays
    target = ascent.target.ravel()
    _follow(target, summits, ranks, workers=workers)
    return Basins(numbers=ascent.target, heights=heights, sites=sites)


def _rank_summits(
    terrain: DistanceMap, summits: Sites
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """(S,): number of the summit that each site is a part of; height of each number."""
    count, component = _join_neighbours(summits, steps_ahead(terrain))
    heights = np.zeros(count + 1, np.float32)
    heights[1 + component] = terrain.ravel()[summits]
    order = 1 + np.argsort(-heights[1:], kind="stable")
    rank = np.zeros(count + 1, np.int32)
    rank[order] = np.arange(1, count + 1, dtype=np.int32)
    heights[1:] = heights[order]
    return rank[1 + component], heights


def _join_neighbours(
    sites: Sites, steps: tuple[int, ...]
) -> tuple[int, NDArray[np.int32]]:
    """Number of connected groups of ascending sites, and the group of each.

    Groups count from 0 in the order of their first sites. Sites side by side are one
    run, and only runs are joined: large plateaus have few.
    """
    if sites.size == 0:
        return 0, np.zeros(0, np.int32)
    run = np.zeros(sites.size, np.int32)
    np.cumsum(np.diff(sites) != 1, out=run[1:])
    runs = int(run[-1]) + 1
    one, other = np.concatenate(
        [
            _runs_that_meet(sites, run, band, step)
            for step in steps[1:]
            for band in row_bands(sites.size, 1)
        ],
        axis=1,
    )
    if one.size == 0:
        return runs, run
    there = np.ones(one.size, np.bool_)
    links = coo_array((there, (one, other)), shape=(runs, runs))
    count, group = connected_components(links, directed=False)
    _, first = np.unique(group, return_index=True)
    rank = np.empty(count, np.int32)
    rank[np.argsort(first)] = np.arange(count, dtype=np.int32)
    return count, rank[group][run]


def _runs_that_meet(
    sites: Sites, run: NDArray[np.int32], band: slice, step: int
) -> NDArray[np.int32]:
    """(2, M): runs in a band of sites, and those that they touch one step ahead."""
    wanted = sites[band] + step
    below = np.minimum(np.searchsorted(sites, wanted), sites.size - 1)
    met = np.flatnonzero(sites[below] == wanted)
    pairs = np.stack([run[band][met], run[below[met]]])
    new = np.ones(met.size, np.bool_)
    new[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    return pairs[:, new]


def _follow(
    target: NDArray[np.int32],
    summits: Sites,
    ranks: NDArray[np.int32],
    *,
    workers: int,
) -> None:
    """Replace each site's pointer by the number of the summit where the way ends.

    On the way, numbers are negative to tell them from sites: this takes no second
    plane.
    """
    bands = row_bands(target.size, 1)

    def jump(band: slice) -> None:
        # In place: another band may be ahead, which only makes the jump longer.
        target[band] = np.take(target, target[band], mode="clip")

    def arrive(band: slice) -> None:
        # Numbers and background look at site 0, on the rim, where nothing is.
        further = np.take(target, target[band], mode="clip")
        np.copyto(target[band], further, where=further != 0)

    def still_going(band: slice) -> Sites:
        sites: Sites = np.flatnonzero(target[band] > 0) + band.start
        return sites

    def settle(band: slice) -> None:
        np.negative(target[band], out=target[band])

    for _ in range(DENSE_JUMPS):  # summits point at themselves
        map_bands(jump, bands, workers=workers)
    target[summits] = -ranks
    map_bands(arrive, bands, workers=workers)
    late = np.concatenate(map_bands(still_going, bands, workers=workers))
    while late.size:
        target[late] = target[target[late]]
        late = late[target[late] > 0]
    map_bands(settle, bands, workers=workers)
