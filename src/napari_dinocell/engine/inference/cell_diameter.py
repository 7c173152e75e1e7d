"""Measure how large the cells of an unknown image are: a first, cheap pass.

The network is tried on one busy part of the image at a few scales. Where it is most
certain of its cells, their size is measured: a network that knows one size best shows
by the height of its map which scale brings the cells to that size.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_dinocell.engine.inference.events import PartSeen
from napari_dinocell.engine.inference.scale import resize_plane, scaled_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, GrayImage, Labels
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage

PROBE_SIDE = 384
"""Side of the part that the network is tried on, in its own pixels: 4 tiles."""

LARGEST_SCALE = 4.0
"""A measurement never enlarges the image more than this."""

SMALLEST_PROBE = 32
"""A probe with a shorter side says nothing."""

SCALES = (1.0, 2.0, 0.5, 0.25)
"""Tried first; at a training diameter of 24 px they suit cells of 12 to 96 px. The
likeliest one begins: what it sees is shown while the others are tried."""

BETWEEN = sqrt(2)
"""Then the scales half-way to the neighbours of the best one: a coarse step leaves
elongated cells at a size at which the network sees crumbs (phase contrast)."""

SPECK = 16
"""Objects with fewer pixels at the network's scale are not cells."""

THUMBNAIL = 512
"""Longer side of the coarse grid on which the busiest part is looked for."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What the network saw at one scale."""

    scale: float
    diameter: float
    """Median equivalent diameter, in pixels of the network."""
    score: float
    """How much this scale deserves to be believed, 0 to 1."""

    @property
    def rank(self) -> tuple[float, float]:
        """The higher one is believed; of equals the larger scale, as ever."""
        return self.score, self.scale


def measure_cells(
    image: AdjustedImage,
    predict: Callable[[GrayImage], tuple[DistanceMap, Labels]],
    *,
    training_diameter: float,
) -> Generator[PartSeen, None, float | None]:
    """Measure the typical cell diameter of an image.

    Parameters
    ----------
    image
        (Y, X), contrast adjusted.
    predict
        Distance map and labels of a part of it, both in the part's pixels.
    training_diameter
        Diameter that the model knows best, in pixels.

    Yields
    ------
    Each part of which the network is more certain than of all before.

    Returns
    -------
    Equivalent diameter, 2 sqrt(area / pi), in pixels of the image, between 1/4 and 8
    times the training diameter, or None if no cell is found at any scale.
    """

    def better(
        scales: Iterable[float], best: Probe | None
    ) -> Generator[PartSeen, None, Probe | None]:
        for scale in scales:
            region = _busiest_part(image, scale)
            if region is None:
                continue
            part = image.window(*region)
            height, width = part.shape
            distance_map, labels = predict(
                resize_plane(part, scaled_shape((height, width), scale))
            )
            found = judge(distance_map, labels, scale=scale)
            if found is not None and (best is None or found.rank > best.rank):
                best = found
                yield PartSeen(region, distance_map, scale)
        return best

    best = yield from better(SCALES, None)
    if best is None:
        return None
    halfway = (best.scale * BETWEEN, best.scale / BETWEEN)
    inside = [scale for scale in halfway if min(SCALES) <= scale <= max(SCALES)]
    best = (yield from better(inside, best)) or best
    # an uncertain network may find crumbs: a guess must never ask for absurd work
    smallest, largest = training_diameter / LARGEST_SCALE, training_diameter * 8
    return min(max(best.diameter / best.scale, smallest), largest)


def judge(
    distance_map: DistanceMap,
    labels: Labels,
    *,
    scale: float,
) -> Probe | None:
    """Measure the cells of one probe, and how far to believe them.

    The score is the mean height of the cells' peaks (how certain the network is),
    drawn towards 0 where the cells are few. Cells count alike: weighted by area, one
    chance find as large as the image would outvote all others.

    Returns
    -------
    The measurement, None if there is no cell.
    """
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    ids = np.flatnonzero(areas >= SPECK)
    if ids.size == 0:
        return None
    peaks = ndimage.maximum(distance_map, labels, ids)
    diameter = 2 * sqrt(float(np.median(areas[ids])) / pi)
    certainty = float(peaks.sum()) / (ids.size + 1)
    return Probe(scale, diameter, certainty)


def _busiest_part(image: AdjustedImage, scale: float) -> tuple[slice, slice] | None:
    """Rows and columns with the most edges; None where too little would be left."""
    height, width = (min(length, round(PROBE_SIDE / scale)) for length in image.shape)
    if min(scaled_shape((height, width), scale)) < SMALLEST_PROBE:
        return None
    step = -(-max(image.shape) // THUMBNAIL)
    coarse = slice(None, None, step)
    edges = _edges(image.window(coarse, coarse))
    # mean over every possible part, by its top left corner
    sums = np.pad(edges, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    tall = min(-(-height // step), edges.shape[0])
    wide = min(-(-width // step), edges.shape[1])
    inside = sums[tall:, wide:] - sums[:-tall, wide:]
    inside -= sums[tall:, :-wide] - sums[:-tall, :-wide]
    corner = np.unravel_index(np.argmax(inside), inside.shape)
    top, left = (
        min(int(start) * step, length - side)
        for start, length, side in zip(
            corner, image.shape, (height, width), strict=True
        )
    )
    return slice(top, top + height), slice(left, left + width)


def _edges(image: GrayImage) -> NDArray[np.float64]:
    """Sum of the absolute differences to the next pixel below and to the right."""
    down = np.abs(np.diff(image, axis=0, append=image[-1:]))
    across = np.abs(np.diff(image, axis=1, append=image[:, -1:]))
    return (down + across).astype(np.float64)
