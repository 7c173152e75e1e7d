"""Views of a volume from the front and from the side.

What a cell is can be seen in a cut along z as well as in a slice, as long as slices are
hardly farther apart than pixels. The volume is stretched along z for the network only:
maps are brought back to the slices before anything is done with them, since cells that
were found between slices come with rings around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_dinocell.engine.inference.events import DistanceMapReady

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from napari_dinocell.engine.arrays import DistanceMap, Image
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.segmenter import Segmenter

VIEWS = 3
"""That are averaged: from above, from the front, from the side."""


def add_views(
    segmenter: Segmenter,
    volume: Image,
    maps: DistanceMap,
    config: SegmentConfig,
    *,
    z_spacing: float,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[SegmentEvent]:
    """Average the maps of the slices with those of cuts along z, **in place**.

    Parameters
    ----------
    segmenter
        Predicts.
    volume
        (Z, Y, X), one channel.
    maps
        (Z, Y, X), float32: that of each slice.
    config
        Settings of the slices; a cell diameter must be given.
    z_spacing
        From slice to slice, in pixels.
    cancel
        Asked before each batch; once it says True the iterator just ends, and `maps`
        are of no use.

    Yields
    ------
    The segmenter's events.
    """
    maps /= VIEWS
    for axis in (1, 2):
        for index in range(volume.shape[axis]):
            place = (slice(None),) * axis + (index,)
            found = yield from _cut(
                segmenter, volume[place], config, z_spacing=z_spacing, cancel=cancel
            )
            if found is None:
                return
            maps[place] += found / VIEWS


def _cut(
    segmenter: Segmenter,
    cut: Image,
    config: SegmentConfig,
    *,
    z_spacing: float,
    cancel: Callable[[], bool] | None,
) -> Generator[SegmentEvent, None, DistanceMap | None]:
    """Map (Z, X) of a cut (Z, X); None if it was cancelled."""
    depth = len(cut)
    rows = max(depth, round(depth * z_spacing))
    stretched = _along_z(cut.astype(np.float32), rows)
    found = None
    for event in segmenter.steps(stretched, config, cancel=cancel):
        if isinstance(event, DistanceMapReady):
            found = _along_z(event.distance_map, depth)
        yield event
    return found


def _along_z(cut: DistanceMap, rows: int) -> DistanceMap:
    """A cut (Z, X) with another number of rows, interpolated linearly."""
    resized: DistanceMap = cv2.resize(
        cut, (cut.shape[1], rows), interpolation=cv2.INTER_LINEAR
    )
    return resized
