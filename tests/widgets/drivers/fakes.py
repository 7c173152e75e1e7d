"""A model without a network, and an image source without a layer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from napari_dinocell.engine.inference.events import (
    DistanceMapReady,
    ModelLoaded,
    PartSeen,
    ScaleChosen,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.engine.inference.plane_map import LazyWatershed
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.session.model_slot import ModelSlot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_dinocell.engine.config import SegmentConfig

TILE = 32


@dataclass
class FakeSegmenter:
    """Takes pixels above half of the maximum for cells; works in tiles of 32 rows."""

    hold_at: int | None = None
    """Tile before which a run waits, until this changes or the run is cancelled."""
    hold_scale: bool = False
    """Wait before the cells are measured, until this changes or the run is cancelled.
    """
    first_look: tuple[slice, slice] | None = None
    """Rows and columns that are seen while the cells are measured."""
    cell_diameter: float | None = 17.0
    """That is measured."""
    knows_map: bool = False
    """Whether the map is there already, so that there are no tiles."""
    free_runs: int = 0
    """So many first runs are not held."""
    fail_at: int | None = None
    """Tile before which `error` is raised."""
    error: BaseException | None = None
    runs: list[SegmentConfig] = field(default_factory=list)
    images: list[Any] = field(default_factory=list)
    viewports: list[Any] = field(default_factory=list)
    closed: int = 0
    """Runs whose generator was closed or came to its end."""
    unloaded: int = 0
    watershed: LazyWatershed | None = None
    """Of the last plane."""

    device = "cpu"
    precision = "float32"

    def forget_map(self) -> None:
        pass

    def unload(self) -> None:
        self.unloaded += 1

    def steps(
        self,
        image: Any,
        config: SegmentConfig,
        *,
        channel_axis: int | None = None,
        viewport: Any = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Iterator[Any]:
        self.runs.append(config)
        self.images.append(image)
        self.viewports.append(viewport)
        try:
            yield from self._steps(image, config, channel_axis, cancel)
        finally:
            self.closed += 1

    def _steps(
        self,
        image: Any,
        config: SegmentConfig,
        channel_axis: int | None,
        cancel: Callable[[], bool] | None,
    ) -> Iterator[Any]:
        yield ModelLoaded("fake", "cpu", "float32")
        plane = np.asarray(image, float)
        if channel_axis is not None:
            plane = plane.mean(channel_axis)
        elif plane.ndim == 3:
            plane = plane.mean(-1)
        complete = fake_map(plane)
        yield from self._measure(complete, config, cancel)
        distance = np.zeros(plane.shape, np.float32)
        if self.knows_map:
            self.watershed = LazyWatershed(complete)
            yield DistanceMapReady(complete, 0.0, "cpu", "float32")
            return
        tops = range(0, plane.shape[0], TILE)
        yield TilesPlanned(len(tops), plane.shape, distance)
        for number, top in enumerate(tops):
            self._wait(number, cancel)
            if cancel is not None and cancel():
                return
            if number == self.fail_at and self.error is not None:
                raise self.error
            rows = slice(top, min(top + TILE, plane.shape[0]))
            distance[rows] = complete[rows]
            region = (rows, slice(0, plane.shape[1]))
            yield TileDone(number + 1, len(tops), region)
        self.watershed = LazyWatershed(distance)
        yield DistanceMapReady(distance, 0.1, "cpu", "float32")

    def _measure(
        self,
        complete: np.ndarray,
        config: SegmentConfig,
        cancel: Callable[[], bool] | None,
    ) -> Iterator[PartSeen | ScaleChosen]:
        if config.cell_diameter == "auto":
            if self.first_look is not None:
                rows, columns = self.first_look
                yield PartSeen(self.first_look, complete[rows, columns], 1.0)
            while self.hold_scale:
                if cancel is not None and cancel():
                    return
                time.sleep(0.002)
            yield ScaleChosen(self.cell_diameter, 1.0, estimated=True)
        elif config.cell_diameter is not None:
            yield ScaleChosen(float(config.cell_diameter), 1.0, estimated=False)

    def _wait(self, tile: int, cancel: Callable[[], bool] | None) -> None:
        if len(self.runs) <= self.free_runs:
            return
        while tile == self.hold_at and not (cancel is not None and cancel()):
            time.sleep(0.002)


def fake_map(plane: np.ndarray) -> np.ndarray:
    """Distance to the edge of each bright spot, relative to its largest."""
    cells, count = label(plane > plane.max() / 2)
    distance = distance_transform_edt(cells > 0)
    highest = np.zeros(count + 1)
    np.maximum.at(highest, cells.ravel(), distance.ravel())
    highest[0] = 1
    return (distance / highest[cells]).astype(np.float32)


class FakeModelSlot(ModelSlot):
    """Holds one fake segmenter, whatever model is asked for."""

    def __init__(self, segmenter: FakeSegmenter | None = None) -> None:
        super().__init__()
        self.segmenter = segmenter or FakeSegmenter()
        self.asked: list[tuple[str, str]] = []
        self.error: BaseException | None = None

    def get(self, model: str, device: str) -> tuple[Any, ModelRecord]:
        self.asked.append((model, device))
        if self.error is not None:
            raise self.error
        if not self.loaded:
            self._segmenter = self.segmenter  # type: ignore[assignment]
            self.changed.emit()
        return self.segmenter, ModelRecord(name=model, sha256="0" * 64)


@dataclass
class FakeSource:
    """Planes of an array (..., Y, X)."""

    data: np.ndarray
    channel_axis_of_plane: int | None = None
    read_planes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    def read(self, index: tuple[int, ...], region: Any = None) -> np.ndarray:
        self.read_planes.append(index)
        plane = self.data[index]
        return plane if region is None else plane[region]


def spots(
    shape: tuple[int, int], centres: list[tuple[int, int]], radius: float = 8
) -> np.ndarray:
    """An image (Y, X), uint16, with round bright cells."""
    rows, columns = np.indices(shape)
    image = np.full(shape, 100, np.uint16)
    for y, x in centres:
        image[np.hypot(rows - y, columns - x) < radius] = 1000
    return image
