"""Volumes of a result: their cells go through slices; knows no Qt and no layers.

The slices of a stack are segmented one by one, and their maps kept. Once all slices of
a volume are there, its watershed is prepared from them, and a slice at any thresholds
is looked up in that: as fast as in a watershed of its own. Corrected pixels of a slice
are not left out, as they are in planes: the cell goes on in other slices, under its id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.inference.plane_map import LazyWatershed

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from napari_dinocell.engine.arrays import DistanceMap, Labels
    from napari_dinocell.engine.config import WatershedConfig
    from napari_dinocell.engine.stack_config import StackConfig
    from napari_dinocell.engine.watershed.cell_query import CellQuery
    from napari_dinocell.session.regions import PlaneIndex, Region


@dataclass(frozen=True, slots=True, eq=False)
class SliceQuery:
    """What the watershed of a volume finds at one pair of thresholds, in one slice."""

    volume: CellQuery
    z: int

    def labels(self, region: Region | tuple[()] = ()) -> Labels:
        """Labels (Y, X) of the slice, or of rows and columns of it."""
        return self.volume.labels((self.z, *region))

    def count(self, kept: AbstractSet[int] = frozenset()) -> int:
        """Number of cells of the volume, with those that the user has corrected."""
        found = np.unique(self.volume.table)
        return len({*kept, *found.tolist()} - {0})


@dataclass(slots=True, eq=False)
class _Volume:
    """One volume, and what was asked of it last."""

    watershed: LazyWatershed
    made_for: StackConfig
    """How its slices were joined."""
    query: CellQuery | None = None


class StackVolumes:
    """The volumes of a stack (..., Z, Y, X).

    Parameters
    ----------
    shape
        Of the stack.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.wanted: StackConfig | None = None
        """How slices become volumes; None where planes are by themselves."""
        self._shape = shape
        self._volumes: dict[PlaneIndex, _Volume] = {}
        self._shown: dict[PlaneIndex, StackConfig] = {}
        """How the slices were joined whose cells all labels of a volume show."""
        self._begun: dict[PlaneIndex, StackConfig] = {}
        """The same of the first slice alone, while the others follow."""
        self._lock = RLock()  # slices are relabelled in a worker, too

    def start(self, wanted: StackConfig | None) -> None:
        """Begin anew: maps are about to change."""
        with self._lock:
            self.wanted = wanted
            self._volumes.clear()
            self._shown.clear()
            self._begun.clear()

    def set_bridge(self, bridge: int) -> None:
        """Close other gaps from now on; volumes are prepared anew when asked for.

        Waits for no worker that prepares one meanwhile.
        """
        if self.wanted is not None:
            self.wanted = replace(self.wanted, bridge=bridge)

    def forget(self, index: PlaneIndex) -> None:
        """Drop what was prepared from the map of a plane, which has changed."""
        with self._lock:
            self._volumes.pop(index[:-1], None)
            self._shown.pop(index[:-1], None)

    def slices(self, index: PlaneIndex) -> list[PlaneIndex]:
        """All slices of the volume that a plane belongs to."""
        return [(*index[:-1], z) for z in range(self._shape[-3])]

    def ready(self, index: PlaneIndex) -> bool:
        """Whether a plane can be relabelled at once."""
        volume = self._volumes.get(index[:-1])
        return volume is not None and volume.made_for == self.wanted

    def outdated(self, index: PlaneIndex) -> bool:
        """Whether the labels of a plane are not those of its volume yet."""
        return self._shown.get(index[:-1]) != self.wanted

    def show(self, index: PlaneIndex) -> None:
        """Take note that the labels of the slices up to this one are the volume's."""
        volume = index[:-1]
        made_for = self._volumes[volume].made_for
        if index[-1] == 0:
            self._begun[volume] = made_for
        if index[-1] == self._shape[-3] - 1 and self._begun.get(volume) == made_for:
            self._shown[volume] = made_for

    def query(
        self,
        index: PlaneIndex,
        thresholds: WatershedConfig,
        *,
        read_maps: Callable[[], DistanceMap],
    ) -> SliceQuery:
        """What the watershed of a plane's volume finds in it.

        Parameters
        ----------
        index
            Of the plane, all slices of whose volume are finished.
        thresholds
            Of the watershed.
        read_maps
            Gives the maps (Z, Y, X) of these slices, to be changed.
        """
        with self._lock:
            volume, wanted = self._volumes.get(index[:-1]), self.wanted
            assert wanted is not None
            if volume is None or volume.made_for != wanted:
                joined = _join(read_maps(), wanted)
                volume = _Volume(LazyWatershed(joined), wanted)
            if volume.query is None or volume.query.config != thresholds:
                volume.query = volume.watershed.query(thresholds)
            self._volumes[index[:-1]] = volume  # it can be asked at once by now
            return SliceQuery(volume.query, index[-1])


def _join(maps: DistanceMap, wanted: StackConfig) -> DistanceMap:
    from napari_dinocell.engine.volume.check import require_volume, spacing_of
    from napari_dinocell.engine.volume.volume_map import join_slices

    require_volume(maps.shape)
    spacing = spacing_of(wanted, None)
    return join_slices(maps, z_spacing=spacing, bridge=wanted.bridge)
