"""Labels of a plane whose map is still growing, as often as they are worth it.

Knows no Qt. A watershed over all that has arrived costs time that the network could
use, so that previews take at most a fifth of the time of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_dinocell.engine.inference.accumulator import bounding_region
from napari_dinocell.engine.inference.scale import read_resized
from napari_dinocell.engine.watershed.live_watershed import FLOOR, LiveWatershed
from napari_dinocell.session.regions import common_region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Labels, Shape2D
    from napari_dinocell.engine.config import WatershedConfig
    from napari_dinocell.engine.inference.events import PartSeen
    from napari_dinocell.session.regions import Region

TIME_SHARE = 0.2
"""Largest share of a run's time that previews may take."""

LARGEST_SIDE = 2048
"""A preview covers at most so many rows and columns, around the centre of the view."""


@dataclass(frozen=True, slots=True)
class PreviewLabels:
    """Labels (Y, X) of a region of the map; `cells` counts those of the region."""

    region: Region
    labels: Labels
    cells: int


class LabelPreview:
    """Labels what has arrived of a map.

    Parameters
    ----------
    distance_map
        (Y, X); filled from outside between the calls of `update`.
    viewport
        Rows and columns that matter most, where the map is large.
    """

    def __init__(self, distance_map: DistanceMap, viewport: Region | None) -> None:
        self.distance_map = distance_map
        self._allowed = _around(viewport, distance_map.shape)
        self._arrived: Region | None = None
        self._next = 0.0

    @classmethod
    def of_part(
        cls, seen: PartSeen, shape: Shape2D, viewport: Region | None
    ) -> LabelPreview:
        """Of a first look at a part of an image of `shape`; 0 around it."""
        height, width = (part.stop - part.start for part in seen.region)
        whole = slice(0, height), slice(0, width)
        distance_map = np.zeros(shape, np.float32)
        distance_map[seen.region] = read_resized(
            seen.distance_map, (height, width), whole
        )
        return cls(distance_map, viewport)

    def update(
        self, changed: Region, thresholds: WatershedConfig
    ) -> PreviewLabels | None:
        """Labels of all that has arrived, or None if it is too early for the next.

        Parameters
        ----------
        changed
            Rows and columns of the map that have arrived or changed.
        thresholds
            Of the watershed.
        """
        part = common_region(changed, self._allowed)
        if part is not None:
            known = [part] if self._arrived is None else [self._arrived, part]
            self._arrived = bounding_region(known)
        started = perf_counter()
        if part is None or self._arrived is None or started < self._next:
            return None
        found = _label(self.distance_map, self._arrived, thresholds)
        ended = perf_counter()
        self._next = ended + (ended - started) / TIME_SHARE
        return found


def _label(
    distance_map: DistanceMap, region: Region, thresholds: WatershedConfig
) -> PreviewLabels:
    part = distance_map[region]
    floor = min(FLOOR, thresholds.foreground_threshold)
    top, left = region[0].start, region[1].start
    query = LiveWatershed(part, floor=floor).query(thresholds.seen_from(top, left))
    labels = query.labels()
    numbers = _numbers_by_summit(part, labels, thresholds.seed_threshold)
    rows, columns = np.divmod(numbers, part.shape[1])
    place = (rows + top) * distance_map.shape[1] + columns + left + 1
    place[0] = 0
    return PreviewLabels(region, place.astype(np.int32)[labels], query.count())


def _numbers_by_summit(
    distance_map: DistanceMap, labels: Labels, seed_threshold: float
) -> NDArray[np.int64]:
    """(max id + 1,): flat index of the highest pixel of each cell.

    Numbers of a plain preview would change with every tile, and the colours with them;
    a cell's summit stays where it is.
    """
    highest = cv2.dilate(distance_map, np.ones((3, 3), np.uint8))
    summits = np.flatnonzero(
        (distance_map == highest) & (distance_map > seed_threshold)
    )
    ascending = summits[np.argsort(distance_map.ravel()[summits], kind="stable")]
    numbers = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    numbers[labels.ravel()[ascending]] = ascending  # the last, highest one stays
    return numbers


def _around(viewport: Region | None, shape: tuple[int, ...]) -> Region:
    """Rows and columns that previews may cover."""
    spans = []
    for axis, length in enumerate(shape[:2]):
        start, stop = (
            (0, length) if viewport is None else viewport[axis].indices(length)[:2]
        )
        middle = (start + stop) // 2
        first = min(max(0, middle - LARGEST_SIDE // 2), max(0, length - LARGEST_SIDE))
        spans.append(slice(first, min(length, first + LARGEST_SIDE)))
    return spans[0], spans[1]
