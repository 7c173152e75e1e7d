"""The map of one plane, all that decided it, and the watershed that cuts it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_dinocell.engine.watershed.live_watershed import FLOOR, LiveWatershed

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Mask
    from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
    from napari_dinocell.engine.inference.events import DistanceMapReady, ScaleChosen
    from napari_dinocell.engine.watershed.cell_query import CellQuery
    from napari_dinocell.engine.watershed.held_cells import HeldPixels


class LazyWatershed:
    """The live watershed of a map, prepared when it is first wanted."""

    def __init__(self, distance_map: DistanceMap) -> None:
        self._distance_map = distance_map
        self._watershed: LiveWatershed | None = None
        self._lock = threading.Lock()

    def ready_for(self, foreground_threshold: float) -> LiveWatershed:
        """Watershed that can be asked for this threshold; several threads may call.

        It is prepared again only for a threshold below the usual floor.
        """
        with self._lock:
            watershed = self._watershed
            if watershed is None or foreground_threshold < watershed.floor:
                floor = min(FLOOR, foreground_threshold)
                watershed = LiveWatershed(self._distance_map, floor=floor)
                self._watershed = watershed
            return watershed

    def query(
        self,
        config: WatershedConfig,
        *,
        held: HeldPixels | None = None,
        within: Mask | None = None,
    ) -> CellQuery:
        """The cells at one pair of thresholds, as `LiveWatershed.query` finds them."""
        watershed = self.ready_for(config.foreground_threshold)
        return watershed.query(config, held=held, within=within)


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
