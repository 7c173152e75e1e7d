"""What segmentation has found in one image: arrays shown as layers, and their origin.

Owns the arrays of the two result layers and the live watersheds of its planes. Knows
no Qt and no layers. A plane is named by its index along the axes before (Y, X).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.engine.inference.plane_map import LazyWatershed
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.watershed.held_cells import HeldPixels
from napari_dinocell.session.regions import WHOLE, PlaneIndex, Region, full_region
from napari_dinocell.session.segment.stack_links import StackLinks
from napari_dinocell.session.segment.stack_storage import StackArray, allocate_stack
from napari_dinocell.session.segment.stack_volumes import SliceQuery, StackVolumes

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Labels
    from napari_dinocell.engine.config import (
        Channel,
        Limits,
        SegmentConfig,
        WatershedConfig,
    )
    from napari_dinocell.engine.lineage.rename import Renames
    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.engine.watershed.cell_query import CellQuery

PlaneQuery: TypeAlias = "CellQuery | SliceQuery"

WATERSHED_PIXELS = 2**25
"""Live watersheds of planes are kept up to this many pixels, the last used ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneRecord:
    """How one plane was segmented."""

    asked: SegmentConfig
    """Settings of the run; the thresholds may have moved since."""
    region: Region | None
    """Rows and columns that were segmented; None for the whole plane."""
    cell_diameter: float | None
    """Pixels, as given or measured; None if the image was taken as it is."""
    device: str
    precision: str
    threads: int
    """Of torch: on a CPU the last bits of a map depend on them."""
    seconds: float
    cells: int
    """At the thresholds of the end of the run."""
    constant: bool = False
    """The plane held one single value."""
    limits: Limits = "image"
    """Intensities that became black and white; those of "all" planes as numbers."""
    channel: Channel | None = None
    """What was segmented of several channels, where the settings say "auto"."""
    tiles: tuple[int, int] | None = None
    """How many tiles of how many arrived, where the run was stopped; None for all."""


def seen_from(thresholds: WatershedConfig, region: Region | None) -> WatershedConfig:
    """Thresholds of a plane for a region of it that is an image of its own."""
    if region is None:
        return thresholds
    rows, columns = region
    return thresholds.seen_from(rows.start, columns.start)


class StackResult:
    """Labels and distance maps of an image, plane by plane.

    Parameters
    ----------
    shape
        (..., Y, X).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        """(..., Y, X)."""
        self.maps: StackArray = allocate_stack(shape, np.float32)
        """(..., Y, X), float32 in [0, 1]."""
        self.labels: StackArray = allocate_stack(shape, np.int32)
        """(..., Y, X), instance ids."""
        self.links = StackLinks((shape[-2], shape[-1]))
        """Whether they are those of each plane by itself, or of the stack."""
        self.volumes = StackVolumes(shape)
        """Whether slices are cut together, and how."""
        self.locks = StackLocks(shape)
        """Cells that the user has corrected or accepted: nothing here changes them."""
        self.thresholds: dict[PlaneIndex, WatershedConfig] = {}
        """Those that the labels of each finished plane show at present."""
        self.counts: dict[PlaneIndex, int] = {}
        """Cells that were found in each finished plane at these thresholds."""
        self.expand = 0.0
        """Pixels by which cells are to grow into the background once they are settled.
        """
        self.grown: dict[PlaneIndex, float] = {}
        """By how many they have, in the labels that each plane shows."""
        self.model: ModelRecord | None = None
        """Of the last run that finished a plane."""
        self._records: dict[PlaneIndex, PlaneRecord] = {}
        self._watersheds: OrderedDict[PlaneIndex, LazyWatershed] = OrderedDict()
        self._regional: dict[PlaneIndex, tuple[HeldPixels, Region, HeldPixels]] = {}
        self._lock = Lock()  # planes are relabelled in a worker, too

    @property
    def finished_planes(self) -> list[PlaneIndex]:
        """Planes that have been segmented to the end."""
        return list(self._records)

    @property
    def records(self) -> tuple[PlaneRecord, ...]:
        """How these were segmented."""
        return tuple(self._records.values())

    def record(self, index: PlaneIndex) -> PlaneRecord | None:
        """How a plane was segmented; None if it was not."""
        return self._records.get(index)

    def finish(
        self, index: PlaneIndex, record: PlaneRecord, thresholds: WatershedConfig
    ) -> None:
        """Take note that maps and labels of a plane are complete."""
        self._records[index] = record
        self.show(index, thresholds, record.cells)

    def show(self, index: PlaneIndex, thresholds: WatershedConfig, cells: int) -> None:
        """Take note of what the labels of a finished plane show by now."""
        self.thresholds[index], self.counts[index] = thresholds, cells

    def shows(self, index: PlaneIndex, thresholds: WatershedConfig) -> bool:
        """Whether the labels of a plane are what they are to be at some thresholds."""
        grown = self.grown.get(index, 0.0) == self._wanted_growth(index)
        return grown and self.thresholds.get(index) == thresholds

    def _wanted_growth(self, index: PlaneIndex) -> float:
        """Cells of a volume do not grow: their neighbours are in other slices, too."""
        return 0.0 if self.is_slice(index) else self.expand

    def read_map(self, index: PlaneIndex, region: Region = WHOLE) -> DistanceMap:
        """Distance map (Y, X) of a region of a plane."""
        part: DistanceMap = np.asarray(self.maps[(*index, *region)])
        return part

    def read_labels(self, index: PlaneIndex, region: Region = WHOLE) -> Labels:
        """Labels (Y, X) of a region of a plane."""
        part: Labels = np.asarray(self.labels[(*index, *region)])
        return part

    def write_map(self, index: PlaneIndex, region: Region, values: DistanceMap) -> None:
        """Put distances (Y, X) into a region of a plane."""
        self.maps[(*index, *region)] = values

    def write_labels(self, index: PlaneIndex, region: Region, values: Labels) -> None:
        """Put labels (Y, X) into a region of a plane, but for kept pixels."""
        self.locks.write(self.labels, index, region, values)

    def settle(self, index: PlaneIndex, region: Region, own: Labels) -> Labels:
        """What a plane is to show of its watershed: grown, with ids of `StackLinks`."""
        self.grown[index] = self._wanted_growth(index)
        own = expand_cells(own, self.grown[index])
        if not self.links.wanted or self.locks.held(index) is None:
            return self.links.settle(index, region, own)
        return self.links.settle(index, region, own, kept=self._kept_labels(index))

    def take_names(self, names: Renames) -> Renames:
        """Call cells otherwise from frame to frame, but for those that are kept.

        Returns
        -------
        The names that were taken: no kept cell is called otherwise.
        """
        kept = {cell for i in self.locks.kept_planes() for cell in self._kept(i)}
        taken = {cell: steps for cell, steps in names.items() if cell not in kept}
        for index in self.finished_planes:
            self.links.take_names(index, taken)
            labels = self.read_labels(index)
            renamed = rename_cells(labels, taken, index[0])
            if renamed is not labels:
                self.write_labels(index, WHOLE, renamed.astype(np.int32))
        return taken

    def _kept(self, index: PlaneIndex) -> set[int]:
        locks = self.locks.of(index)
        return set() if locks is None else locks.kept

    def rename(self, index: PlaneIndex, own: Labels) -> Labels:
        """Ids that some of a plane is to show until it is settled."""
        return self.links.rename(index, own)

    def clear(self, index: PlaneIndex) -> None:
        """Set a plane to 0, as long as nothing of it is known; kept cells stay."""
        self.maps[index] = 0
        self.locks.write(self.labels, index, WHOLE, 0)
        self.volumes.forget(index)

    def has_watershed(self, index: PlaneIndex) -> bool:
        """Whether a plane can be relabelled at once."""
        if self.is_slice(index):
            return self.volumes.ready(index)
        return index in self._watersheds

    def is_slice(self, index: PlaneIndex) -> bool:
        """Whether a plane is cut together with the others of its volume."""
        return self.volumes.wanted is not None and all(
            slice_ in self._records for slice_ in self.volumes.slices(index)
        )

    @property
    def outdated(self) -> bool:
        """Whether the ids of finished planes are not those that are wanted."""
        finished = self.finished_planes
        return self.links.outdated(finished) or any(
            self.is_slice(index) and self.volumes.outdated(index) for index in finished
        )

    def set_watershed(self, index: PlaneIndex, watershed: LazyWatershed) -> None:
        """Keep the live watershed of a plane, and drop the ones unused longest."""
        kept = max(1, WATERSHED_PIXELS // (self.shape[-2] * self.shape[-1]))
        with self._lock:
            self._watersheds[index] = watershed
            self._watersheds.move_to_end(index)
            while len(self._watersheds) > kept:
                self._watersheds.popitem(last=False)

    def watershed(self, index: PlaneIndex) -> LazyWatershed:
        """Live watershed of what was segmented of a finished plane.

        It may have to be computed again: a tenth of a second for 2048 x 2048.
        """
        known = self._watersheds.get(index)
        if known is None:
            region = self._records[index].region or WHOLE
            known = LazyWatershed(self.read_map(index, region))
        self.set_watershed(index, known)
        return known

    def query(self, index: PlaneIndex, thresholds: WatershedConfig) -> PlaneQuery:
        """What the watershed of a finished plane finds beside the kept cells."""
        if self.is_slice(index):
            slices = self.volumes.slices(index)
            return self.volumes.query(
                index,
                thresholds,
                read_maps=lambda: np.stack([self.read_map(z) for z in slices]),
            )
        region = self._records[index].region
        held, own = self.held(index, region), seen_from(thresholds, region)
        return self.watershed(index).query(own, held=held)

    def relabel(self, index: PlaneIndex, thresholds: WatershedConfig) -> int:
        """Write the labels of a finished plane for new thresholds; count its cells."""
        region = self._records[index].region or full_region(self.shape)
        query = self.query(index, thresholds)
        labels = self.settle(index, region, query.labels())
        self.write_labels(index, region, labels)
        if self.is_slice(index):
            self.volumes.show(index)
        cells = self.count_in(index, query)
        self.show(index, thresholds, cells)
        return cells

    def count(self, index: PlaneIndex, thresholds: WatershedConfig) -> int:
        """Cells of a finished plane: those of the watershed and the kept ones."""
        return self.count_in(index, self.query(index, thresholds))

    def count_in(self, index: PlaneIndex, query: PlaneQuery) -> int:
        """Cells that a query of a plane has found, and kept ones; of a volume, all."""
        if not isinstance(query, SliceQuery):
            return query.count() + self.kept_cells(index)
        locks = map(self.locks.of, self.volumes.slices(index))
        return query.count({cell for of in locks if of is not None for cell in of.kept})

    def kept_cells(self, index: PlaneIndex) -> int:
        """Number of cells that the user has corrected or accepted."""
        return len(self._kept(index))

    def held(self, index: PlaneIndex, region: Region | None) -> HeldPixels | None:
        """Kept pixels, in rows and columns of a region; None where none are kept.

        The same object until something changes.
        """
        held = self.locks.held(index)
        if held is None or region is None:
            return held
        known = self._regional.get(index)
        if known is None or known[:2] != (held, region):
            known = held, region, HeldPixels(held.mask[region], held.ids)
            self._regional[index] = known
        return known[2]

    def _kept_labels(self, index: PlaneIndex) -> Labels:
        """Labels (Y, X) of the kept cells of a plane, 0 elsewhere."""
        held = self.locks.held(index)
        assert held is not None
        labels: Labels = np.where(held.mask, self.read_labels(index), 0)
        return labels
