"""What the segmentation of a volume reports, besides what a plane's does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.inference.events import SegmentEvent

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap


@dataclass(frozen=True, slots=True)
class SliceStarted:
    """Slice `number` (from 0, in the order of work) of `count` begins."""

    number: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class VolumeMapReady:
    """The map (Z, Y, X) that the watershed takes."""

    distance_map: DistanceMap


VolumeEvent: TypeAlias = SliceStarted | VolumeMapReady | SegmentEvent
