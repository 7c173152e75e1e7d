"""Basins: all pixels from which steepest ascent reaches the same summit.

Following the pointers of `ascent` is done for all pixels at once by pointer jumping:
replacing each pointer by its target's pointer doubles the length of every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands
from napari_dinocell.engine.watershed.ascent import climb
from napari_dinocell.engine.watershed.plateaus import settle_plateaus

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
    """(Y + 2, X + 2): basin of each pixel, 0 for background and the rim."""
    heights: NDArray[np.float32]
    """(N + 1,): height of each basin's summit, descending; entry 0 is background."""


def find_basins(terrain: DistanceMap, *, workers: int = 1) -> Basins:
    """Basins of a rimmed terrain (Y + 2, X + 2).

    A regional maximum of several pixels is one summit, however large it is. Summits of
    equal height are numbered in reading order.
    """
    ascent = climb(terrain, workers=workers)
    summits = settle_plateaus(terrain, ascent)
    numbers, heights = _number_summits(terrain, summits)
    numbers = _follow(ascent.target.ravel(), numbers.ravel(), workers=workers)
    return Basins(numbers=numbers.reshape(terrain.shape), heights=heights)


def _number_summits(
    terrain: DistanceMap, summits: Sites
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Image of summit numbers, 0 elsewhere, and the height of each number."""
    mask = np.zeros(terrain.shape, np.uint8)
    mask.ravel()[summits] = 1
    count, components = cv2.connectedComponents(mask, connectivity=4, ltype=cv2.CV_32S)
    image: NDArray[np.int32] = components
    component = image.ravel()[summits]
    heights = np.zeros(count, np.float32)
    heights[component] = terrain.ravel()[summits]
    order = 1 + np.argsort(-heights[1:], kind="stable")
    rank = np.zeros(count, np.int32)
    rank[order] = np.arange(1, count, dtype=np.int32)
    image.ravel()[summits] = rank[component]
    heights[1:] = heights[order]
    return image, heights


def _follow(
    target: NDArray[np.int32], summit: NDArray[np.int32], *, workers: int
) -> NDArray[np.int32]:
    """Summit number that each site's pointers end at; shortens `target` on the way."""
    numbers = np.empty(target.size, np.int32)
    bands = row_bands(target.size, 1)

    def jump(band: slice) -> None:
        # In place: another band may be ahead, which only makes the jump longer.
        target[band] = np.take(target, target[band], mode="clip")

    def arrive(band: slice) -> Sites:
        np.take(summit, target[band], out=numbers[band], mode="clip")
        on_the_way = (numbers[band] == 0) & (target[band] != 0)
        sites: Sites = np.flatnonzero(on_the_way) + band.start
        return sites

    for _ in range(DENSE_JUMPS):
        map_bands(jump, bands, workers=workers)
    late = np.concatenate(map_bands(arrive, bands, workers=workers))
    while late.size:
        target[late] = target[target[late]]
        numbers[late] = summit[target[late]]
        late = late[numbers[late] == 0]
    return numbers
