"""The map of one plane, all that decided it, and the labels that follow from it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_dinocell.engine.instances.watershed import LiveWatershed

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Labels
    from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
    from napari_dinocell.engine.inference.events import DistanceMapReady, ScaleChosen


class LazyWatershed:
    """The live watershed of a map, computed when the first labels are wanted."""

    def __init__(self, distance_map: DistanceMap) -> None:
        self._distance_map = distance_map
        self._watershed: LiveWatershed | None = None
        self._lock = threading.Lock()

    def labels(self, config: WatershedConfig) -> Labels:
        """Instance ids (Y, X), int32; several threads may ask."""
        with self._lock:
            if self._watershed is None:
                self._watershed = LiveWatershed(self._distance_map)
            labels: Labels = self._watershed.labels(config)
            return labels


@dataclass(frozen=True, slots=True, eq=False)
class PlaneMap:
    """One plane that was predicted to the end."""

    fingerprint: bytes
    """Of the plane's pixels."""
    config: SegmentConfig
    scale: ScaleChosen | None
    ready: DistanceMapReady
    watershed: LazyWatershed = field(repr=False)

    def serves(self, fingerprint: bytes, config: SegmentConfig) -> bool:
        """Whether a plane and settings would give this very map."""
        return self.fingerprint == fingerprint and self.config.same_map(config)
