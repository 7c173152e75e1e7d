"""The merge forest: where each basin goes when the water between it and others falls.

Lower a threshold from 1 to 0 and watch the regions above it. A basin appears at its
summit and lives until its region meets one with a higher summit: the *elder rule* of
persistent homology (Edelsbrunner, Letscher, Zomorodian 2002). At that saddle the basin
gets its one and only link, to the basin on the far side. The linking saddles are a
maximum spanning forest of the basins, and cutting such a forest is a watershed (shown
by Cousty et al. 2009 for edge-weighted graphs). So one forest answers every pair of
thresholds: a basin follows its link if the saddle is high enough, and that is all.

The forest is grown by the rounds of Boruvka (1926): in each round every region looks
for its highest saddle, and takes it if the region behind has a higher summit.

References
----------
H. Edelsbrunner, D. Letscher, A. Zomorodian, "Topological persistence and
simplification", Discrete & Computational Geometry 28 (2002).
J. Cousty, G. Bertrand, L. Najman, M. Couprie, "Watershed cuts: minimum spanning forests
and the drop of water principle", IEEE TPAMI 31 (2009).
O. Boruvka, "O jistem problemu minimalnim", Prace Moravske prirodovedecke spolecnosti 3
(1926).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.watershed.saddles import Saddles, strongest_between

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeForest:
    """One link per basin. Basins are numbered from the highest summit down."""

    heights: NDArray[np.float32]
    """(N + 1,): height of each basin's summit, descending after entry 0, background."""
    into: NDArray[np.intp]
    """(N + 1,): basin on the far side of the saddle where this one ends; itself if it
    never meets a higher one."""
    saddle: NDArray[np.float32]
    """(N + 1,): height of that saddle; 0 where there is none."""

    def cells(
        self,
        seed_threshold: float,
        foreground_threshold: float,
        *,
        prominence: float = 1.0,
        parting: float = 1.0,
    ) -> NDArray[np.int32]:
        """(N + 1,): number of the basin that gives each basin's cell its id, or 0.

        A basin with a summit above the seed threshold is a seed. It and what it has
        absorbed (`leads`) are a cell; what reaches no seed is 0.
        """
        leads = self.leads(
            seed_threshold,
            foreground_threshold,
            prominence=prominence,
            parting=parting,
        )
        cells = np.where(leads <= self._seeds(seed_threshold), leads, 0)
        return cells.astype(np.int32)

    def leads(
        self,
        seed_threshold: float,
        foreground_threshold: float,
        *,
        prominence: float = 1.0,
        parting: float = 1.0,
        apart: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.intp]:
        """(N + 1,): the basin that each basin is a part of, be it a seed or not.

        A seed is one with the seed it meets above the seed threshold; with a `parting`
        below 1 only if the saddle, as a share of its summit, is nearer to 1 than the
        threshold by this factor. A lower basin is absorbed over its saddle if that lies
        in the foreground, and if its summit rises above the saddle by at most the share
        `prominence` of its height: one that stands more by itself is a cell that the
        seed threshold has removed. Basins that are `apart`, (N + 1,), absorb none.
        """
        seeds = 1 + self._seeds(seed_threshold)
        need = np.full(self.heights.size, foreground_threshold, np.float32)
        share = np.float32(1 - parting * (1 - seed_threshold))
        seed = np.float32(seed_threshold)
        need[:seeds] = np.maximum(seed, share * self.heights[:seeds])
        absorbed = self.saddle > need
        low = slice(seeds, None)
        alike = np.float32(1 - prominence) * self.heights[low]
        absorbed[low] &= self.saddle[low] >= alike
        if apart is not None:
            absorbed &= ~apart[self.into]
        return follow_to_end(np.where(absorbed, self.into, np.arange(self.into.size)))

    def _seeds(self, seed_threshold: float) -> int:
        """Number of seeds; summits descend, so that they are the first ones."""
        above = np.float32(seed_threshold)
        return int(np.searchsorted(-self.heights[1:], -above, side="left"))


def grow_forest(heights: NDArray[np.float32], saddles: Saddles) -> MergeForest:
    """Merge forest of basins with summits `heights` (N + 1,), see `MergeForest`.

    Between saddles that are equal in all respects, the one to the highest summit wins.
    """
    into = np.arange(heights.size)
    link_height = np.zeros(heights.size, np.float32)
    region = np.arange(heights.size)  # the highest basin of each basin's region
    while saddles.key.size:
        basin, far, height = _links_up(region, saddles)
        into[basin], link_height[basin] = far, height
        step = np.arange(heights.size)
        step[basin] = region[far]
        region = follow_to_end(step)[region]
        saddles = strongest_between(region, saddles)
    return MergeForest(heights=heights, into=into, saddle=link_height)


def follow_to_end(pointers: NDArray[np.intp]) -> NDArray[np.intp]:
    """The element where the pointers from each element end, by pointer jumping."""
    while True:
        further = pointers[pointers]
        if np.array_equal(further, pointers):
            return pointers
        pointers = further


def _links_up(
    region: NDArray[np.intp], saddles: Saddles
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Regions whose highest saddle leads to a higher summit, over which, how high.

    Below this saddle the region is on its own, and at it the region meets a higher
    one: its lead basin ends here, whatever lower saddles bring.
    """
    one, other = region[saddles.one], region[saddles.other]
    best = np.zeros(region.size, np.uint64)
    np.maximum.at(best, one, saddles.key)
    np.maximum.at(best, other, saddles.key)
    taken = np.flatnonzero(saddles.key == best[np.maximum(one, other)])
    one, other, saddles = one[taken], other[taken], saddles.select(taken)
    lower = np.maximum(one, other)
    far = np.where(one < other, saddles.one, saddles.other)
    target = np.full(region.size, region.size)
    np.minimum.at(target, lower, far)
    height = np.zeros(region.size, np.float32)
    height[lower] = saddles.heights()
    basin = np.flatnonzero(target < region.size)
    return basin, target[basin], height[basin]
