"""The work of one press on Segment: planes of an image into a `StackResult`.

Runs in a worker thread; knows no Qt and no layers. What is written can be watched: map
and labels of a plane grow with its tiles. A plane that was finished before gets its
former map and labels back if the new run fails or is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from napari_dinocell.engine.inference.events import (
    ChannelChosen,
    DistanceMapReady,
    PartSeen,
    ScaleChosen,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.engine.inference.plane_map import LazyWatershed
from napari_dinocell.session.regions import (
    WHOLE,
    PlaneIndex,
    Region,
    common_region,
    full_region,
    shifted,
)
from napari_dinocell.session.segment.events import (
    JobEvent,
    LabelsGrew,
    LimitsPlanned,
    MapGrew,
    PlaneDone,
    PlaneStarted,
    SegmentRequest,
)
from napari_dinocell.session.segment.growing_labels import GrowingLabels
from napari_dinocell.session.segment.label_preview import LabelPreview
from napari_dinocell.session.segment.stack_result import PlaneRecord, seen_from

if TYPE_CHECKING:
    from napari_dinocell.engine.config import Channel, SegmentConfig
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.engine.segmenter import Segmenter
    from napari_dinocell.session.model_slot import ModelSlot
    from napari_dinocell.session.segment.stack_result import StackResult

Cancel: TypeAlias = Callable[[], bool]


def segment_planes(
    model: ModelSlot,
    request: SegmentRequest,
    result: StackResult,
    cancel: Cancel,
) -> Generator[JobEvent, None, None]:
    """Segment planes one after the other into `result`.

    Where the diameter is to be measured, the first plane with cells decides for all:
    one stack, one scale. Limits of all planes are measured before the first one. Where
    the request is stopped, the tiles that have arrived become a result of their plane,
    0 elsewhere; without any the plane stays as it was.

    Yields
    ------
    `LimitsPlanned` if all planes have to be read first. Per plane `PlaneStarted`, the
    segmenter's events with `MapGrew` and `LabelsGrew` between them, and `PlaneDone`.
    Nothing more once `cancel` says True, and after the plane at work once the request
    is stopped.

    Raises
    ------
    DinoCellError
        If image, settings, device or model cannot be used. Finished planes stay.
    """
    segmenter, used = model.get(request.model, request.device)

    def ended() -> bool:
        return cancel() or request.stop.is_set()

    yield from _limits_planned(request)
    config = request.stack_limits.settled(request.source, request.config, ended)
    is_volume = config.stack.volume
    if len(request.planes) > 1:
        result.links.wanted = config.link and not is_volume
    result.links.start()
    result.expand = config.expand
    result.volumes.start(config.stack if is_volume else None)
    for number, index in enumerate(request.planes):
        if ended():
            return
        yield PlaneStarted(index, number, len(request.planes))
        job = _PlaneJob(request, result, index, config, used)
        with _former_plane_kept(result, job):
            yield from job.run(segmenter, ended)
        if job.record is None:
            return
        measured = job.record.cell_diameter
        if config.cell_diameter == "auto" and measured is not None:
            config = replace(config, cell_diameter=measured)
    if is_volume:
        yield from _label_slices(request, result, cancel)


def _label_slices(
    request: SegmentRequest, result: StackResult, cancel: Cancel
) -> Iterator[LabelsGrew]:
    """The cells of planes give way to those of volumes, at the present thresholds."""
    for index in sorted(request.planes):
        if cancel():
            return
        thresholds = request.thresholds()
        cells = result.relabel(index, thresholds)
        yield LabelsGrew(index, full_region(result.shape), cells)


def _limits_planned(request: SegmentRequest) -> Iterator[LimitsPlanned]:
    source = request.source
    if not request.stack_limits.known(source, request.config):
        yield LimitsPlanned(prod(source.shape[:-2]))


def measure_diameter(
    model: ModelSlot, request: SegmentRequest, cancel: Cancel
) -> Generator[SegmentEvent, None, None]:
    """Measure the cells of the first plane of a request, and stop there.

    Yields
    ------
    The segmenter's events, `ScaleChosen` last; it is missing if the plane holds one
    single value.
    """
    segmenter, _ = model.get(request.model, request.device)
    asked = request.stack_limits.settled(request.source, request.config, cancel)
    if cancel():
        return
    config = replace(asked, cell_diameter="auto")
    image = request.source.read(request.planes[0], request.region)
    axis = request.source.channel_axis_of_plane
    for event in segmenter.steps(image, config, channel_axis=axis, cancel=cancel):
        yield event
        if isinstance(event, ScaleChosen):
            return


class _PlaneJob:
    """One plane: what the segmenter says becomes map, labels and record."""

    def __init__(
        self,
        request: SegmentRequest,
        result: StackResult,
        index: PlaneIndex,
        config: SegmentConfig,
        model: ModelRecord,
    ) -> None:
        self.record: PlaneRecord | None = None
        self.index = index
        self._model = model
        self._request = request
        self._result = result
        self._config = config
        self._region = request.region or full_region(result.shape)
        self._channel: Channel | None = None
        self._diameter: float | None = None
        self._started = perf_counter()
        self._preview: LabelPreview | None = None
        self._labels = GrowingLabels(result, index)
        self.tiles: tuple[int, int] | None = None
        """That have arrived, and in all, until all have."""

    def run(
        self, segmenter: Segmenter, cancel: Cancel
    ) -> Generator[JobEvent, None, None]:
        request = self._request
        image = request.source.read(self.index, request.region)
        steps = segmenter.steps(
            image,
            self._config,
            channel_axis=request.source.channel_axis_of_plane,
            viewport=_inside(request.viewport, request.region),
            cancel=cancel,
        )
        for event in steps:
            yield event
            if isinstance(event, DistanceMapReady):
                self.tiles = None
                yield from self._finish(event, segmenter.watershed)
            else:
                yield from self._follow(event)
        if self.record is None and self.tiles is not None and request.stop.is_set():
            yield from self._finish_part(segmenter)

    def _finish_part(self, segmenter: Segmenter) -> Iterator[JobEvent]:
        """Take the tiles that have arrived for a map."""
        preview = self._preview
        assert preview is not None  # tiles are planned before they are done
        part = DistanceMapReady(
            preview.distance_map,
            perf_counter() - self._started,
            segmenter.device,
            segmenter.precision,
        )
        yield from self._finish(part, LazyWatershed(preview.distance_map))

    def _follow(self, event: SegmentEvent) -> Iterator[JobEvent]:
        match event:
            case ChannelChosen():
                self._channel = event.channel
            case PartSeen():
                yield from self._show_part(event)
            case ScaleChosen():
                self._diameter = event.cell_diameter
            case TilesPlanned():
                self._labels.clear()
                self._preview = LabelPreview(event.distance_map, self._viewport())
            case TileDone():
                self.tiles = event.done, event.total
                yield from self._grow(event.region)

    def _show_part(self, seen: PartSeen) -> Iterator[JobEvent]:
        """Show the cells that are measured, until the first tiles arrive."""
        self._labels.clear()
        height, width = (part.stop - part.start for part in self._region)
        self._preview = LabelPreview.of_part(seen, (height, width), self._viewport())
        yield from self._grow(seen.region)

    def _viewport(self) -> Region | None:
        return _inside(self._request.viewport, self._request.region)

    def _grow(self, changed: Region) -> Iterator[JobEvent]:
        preview = self._preview
        assert preview is not None  # tiles are planned before they are done
        place = self._in_plane(changed)
        self._result.write_map(self.index, place, preview.distance_map[changed])
        yield MapGrew(self.index, place)
        own = seen_from(self._request.thresholds(), self._region)
        found = preview.update(changed, own)
        if found is None:
            return
        place = self._in_plane(found.region)
        if (drawn := self._labels.write(place, found.labels)) is not None:
            yield LabelsGrew(self.index, drawn, found.cells)

    def _in_plane(self, part: Region) -> Region:
        """Rows and columns of the plane for some of what is segmented of it."""
        rows, columns = self._region
        return shifted(part, rows=rows.start, columns=columns.start)

    def _finish(
        self, ready: DistanceMapReady, watershed: LazyWatershed | None
    ) -> Iterator[JobEvent]:
        assert watershed is not None  # there is a map
        result, region = self._result, self._region
        if self._preview is None:  # a map that was known already, without tiles
            result.clear(self.index)
            result.write_map(self.index, region, ready.distance_map)
            yield MapGrew(self.index, region)
        thresholds = self._request.thresholds()
        held = result.held(self.index, self._request.region)
        query = watershed.query(seen_from(thresholds, region), held=held)
        labels = result.settle(self.index, region, query.labels())
        result.write_labels(self.index, region, labels)
        result.set_watershed(self.index, watershed)
        self.record = PlaneRecord(
            asked=self._request.config,
            region=self._request.region,
            cell_diameter=self._diameter,
            device=ready.device,
            precision=ready.precision,
            threads=torch.get_num_threads(),
            seconds=perf_counter() - self._started,
            cells=query.count() + result.kept_cells(self.index),
            constant=ready.constant,
            limits=self._config.contrast.limits,
            channel=self._channel,
            tiles=self.tiles,
        )
        result.model = self._model
        result.finish(self.index, self.record, thresholds)
        yield PlaneDone(self.index, self.record.cells, self.record)


@contextmanager
def _former_plane_kept(result: StackResult, job: _PlaneJob) -> Iterator[None]:
    """Bring a plane's former map and labels back unless the job completes it."""
    index = job.index
    former: tuple[Any, Any] | None = None
    if result.record(index) is not None:
        former = result.read_map(index).copy(), result.read_labels(index).copy()
    try:
        yield
    finally:
        if job.record is None and former is not None:
            result.write_map(index, WHOLE, former[0])
            result.write_labels(index, WHOLE, former[1])
        elif job.record is None and job.tiles is None:
            result.clear(index)  # a first look is no result


def _inside(viewport: Region | None, region: Region | None) -> Region | None:
    """The viewport, in rows and columns of a region that is an image of its own."""
    if viewport is None or region is None:
        return viewport
    seen = common_region(viewport, region)
    if seen is None:
        return None
    return shifted(seen, rows=-region[0].start, columns=-region[1].start)
