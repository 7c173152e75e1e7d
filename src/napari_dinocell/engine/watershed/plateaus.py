"""What steepest ascent leaves open: plateaus and equally high neighbours.

Maps that were rounded (8 bits, bfloat16) or that saturate have flat ground. A pixel
inside a plateau goes to the plateau's nearest way up, measured inside the plateau
(geodesic distance, counted in steps): this is the lower completion of a grey-value
image (Meyer 1994), and the order in which a flooding with a first-in-first-out queue
reaches the pixels (Vincent and Soille 1991). Between ways up that are equally near,
the steeper one wins. All rules compare heights and distances, never positions, so that
a rotated map gives rotated cells wherever the tie is not perfect.

Ground that is higher than any distance is unknown (`engine.blocks`): whatever may lead
there does, so that no other way is trusted that the unknown could change.

References
----------
F. Meyer, "Topographic distance and watershed lines", Signal Processing 38 (1994).
L. Vincent, P. Soille, "Watersheds in digital spaces", IEEE TPAMI 13 (1991).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.watershed.terrain import neighbour_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.watershed.ascent import Ascent
    from napari_dinocell.engine.watershed.terrain import Sites


HIGHEST = 1
"""Of all distances: what lies above it is unknown ground."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """Flat views of a terrain and what is known of its plateaus."""

    heights: NDArray[np.float32]
    target: NDArray[np.int32]
    steps: tuple[int, ...]
    layer: NDArray[np.int32]
    """Steps to the way up inside the plateau; 0 on slopes."""
    exit_height: NDArray[np.float32]
    """Height just above the way up that a plateau's site leads to."""

    def waiting(self, sites: Sites) -> NDArray[np.bool_]:
        """Whether the way up from each site is not known yet: it points at itself."""
        waiting: NDArray[np.bool_] = self.target[sites] == sites
        return waiting

    def highest_neighbour(self, sites: Sites) -> NDArray[np.float32]:
        """Height of the highest neighbour."""
        best = self.heights[sites + self.steps[0]]
        for step in self.steps[1:]:
            np.maximum(best, self.heights[sites + step], out=best)
        return best

    def exit_heights(self, sites: Sites) -> NDArray[np.float32]:
        """Height that each site's way reaches when it leaves the site's own height."""
        return np.where(
            self.layer[sites] > 0,
            self.exit_height[sites],
            self.highest_neighbour(sites),
        )

    def exit_heights_of(self, sites: Sites, layer: int) -> NDArray[np.float32]:
        """The same of sites of one layer, which is quicker to tell."""
        if layer == 0:
            return self.highest_neighbour(sites)
        exits: NDArray[np.float32] = self.exit_height[sites]
        return exits


def settle_plateaus(terrain: DistanceMap, ascent: Ascent) -> Sites:
    """Give every flat or tied site its way up, in `ascent.target` itself.

    Returns
    -------
    Sites of the regional maxima, ascending: those from which no way leads up. They
    keep pointing at themselves.
    """
    ground = _Ground(
        heights=terrain.ravel(),
        target=ascent.target.ravel(),
        steps=neighbour_steps(terrain),
        layer=np.zeros(terrain.size, np.int32),
        exit_height=np.zeros(terrain.size, np.float32),
    )
    front, layer = _first_front(ground, ascent.flat), 1
    while front.size:
        _settle_front(ground, front, layer)
        front, layer = _next_front(ground, front), layer + 1
    _settle_ties(ground, ascent.tied)
    return ascent.flat[ground.waiting(ascent.flat)]


def _first_front(ground: _Ground, flat: Sites) -> Sites:
    """Flat sites beside a slope of their own height: one step from a way up."""
    beside = np.zeros(flat.size, np.bool_)
    height = ground.heights[flat]
    for step in ground.steps:
        neighbour = flat + step
        beside |= (ground.heights[neighbour] == height) & ~ground.waiting(neighbour)
    return flat[beside]


def _settle_front(ground: _Ground, front: Sites, layer: int) -> None:
    """Point the sites of one layer at the layer before, steepest exit first."""
    height = ground.heights[front]
    best = np.full(front.size, -1, np.float32)
    target = front.copy()
    for step in ground.steps:
        neighbour = front + step
        leads = ground.heights[neighbour] == height
        leads &= ~ground.waiting(neighbour) & (ground.layer[neighbour] == layer - 1)
        exits = np.full(front.size, -1, np.float32)
        exits[leads] = ground.exit_heights_of(neighbour[leads], layer - 1)
        steeper = exits > best
        best[steeper] = exits[steeper]
        target[steeper] = neighbour[steeper]
    ground.target[front] = target
    ground.exit_height[front] = best
    ground.layer[front] = layer


def _next_front(ground: _Ground, front: Sites) -> Sites:
    """Sites of the same plateaus that wait beside the front, each once."""
    height = ground.heights[front]
    found = []
    for step in ground.steps:
        neighbour = front + step
        same = ground.waiting(neighbour) & (ground.heights[neighbour] == height)
        found.append(neighbour[same])
    every = np.concatenate(found)
    numbers = np.arange(every.size, dtype=np.int32)
    ground.layer[every] = numbers  # of equal sites one number stays
    once: Sites = every[ground.layer[every] == numbers]
    ground.layer[once] = 0
    return once


def _settle_ties(ground: _Ground, tied: Sites) -> None:
    """Choose among equally high neighbours: nearest to its way up, then steepest."""
    highest = ground.highest_neighbour(tied)
    nearest = np.full(tied.size, np.iinfo(np.int32).max, np.int32)
    best = np.full(tied.size, -1, np.float32)
    for step in ground.steps:
        which = np.flatnonzero(ground.heights[tied + step] == highest)
        neighbour = tied[which] + step
        layer, exits = ground.layer[neighbour], ground.exit_heights(neighbour)
        layer[exits > HIGHEST] = 0
        better = layer < nearest[which]
        better |= (layer == nearest[which]) & (exits > best[which])
        which, neighbour = which[better], neighbour[better]
        nearest[which], best[which] = layer[better], exits[better]
        ground.target[tied[which]] = neighbour
