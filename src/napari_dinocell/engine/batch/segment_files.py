"""Segment files one after the other; knows neither terminal nor viewer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import row_bands
from napari_dinocell.engine.batch.array_image import ArrayImage
from napari_dinocell.engine.batch.events import FileDone, FileOpened, PageStarted
from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.images.page_choice import chosen_pages
from napari_dinocell.engine.inference.events import (
    ChannelChosen,
    Degraded,
    DistanceMapReady,
    ScaleChosen,
)
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.link import PageLinker
from napari_dinocell.engine.results.overlay import write_overlay
from napari_dinocell.engine.results.page_region import (
    crop_page,
    place_labels,
    require_inside,
)
from napari_dinocell.engine.results.provenance import (
    ImageRecord,
    ModelRecord,
    PageRecord,
    Provenance,
    record_image,
    record_pixels,
)
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TypeAlias

    from napari_dinocell.engine.arrays import Image, Labels
    from napari_dinocell.engine.batch.events import FileEvent
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.config import Channel, SegmentConfig
    from napari_dinocell.engine.images.image_file import ImageFile, PageIndex
    from napari_dinocell.engine.images.page_choice import PageRanges
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.results.page_region import PageRegion
    from napari_dinocell.engine.segmenter import Segmenter

    Renaming: TypeAlias = Callable[[Labels, tuple[int, ...]], Labels]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentJob:
    """What is the same for all files of one call."""

    segmenter: Segmenter
    model: ModelRecord
    config: SegmentConfig
    axes: str | None = None
    """Letters that replace those of the files."""
    region: PageRegion | None = None
    """The part of each page to segment; None for whole pages."""
    ranges: PageRanges = field(default_factory=dict)
    """Time points and other pages to segment, by letters of axes; none takes all."""
    level: int = 0
    """Resolution of OME-Zarr to segment, the finest being 0."""
    overlay: bool = False
    """Write a picture with outlines, too."""


@dataclass(frozen=True, slots=True)
class _PageResult:
    labels: Labels
    record: PageRecord
    ready: DistanceMapReady
    degraded: list[str]


class CancelledError(Exception):
    """`cancel` said so; what stood on the disk before is untouched."""


def find_finished(job: SegmentJob, target: Target) -> Provenance | None:
    """What the same image, settings and model have led to, if the labels are there."""
    try:
        former = target.output.former()
        if former is None:
            return None
        image = target.open(axes=job.axes, level=job.level)
        record = _record(image, target)
        if target.memory is not None and record.sha256 is None:
            return None  # its size alone says nothing
        if _identity(former.image) != _identity(record):
            return None
        last = chosen_pages(image, job.ranges)[-1]
    except (DinoCellError, OSError):
        return None
    last_overlay = target.overlay(_page_number(image, last), image.page_count)
    finished = (
        former.settings == job.config
        and former.region == job.region
        and former.ranges == job.ranges
        and former.model.sha256 == job.model.sha256
        and (not job.overlay or last_overlay.is_file())
    )
    return former if finished else None


def segment_file(
    job: SegmentJob, target: Target, *, cancel: Callable[[], bool] | None = None
) -> Generator[FileEvent, None, None]:
    """Segment all pages of a file and write labels, side-car and overlays.

    Pages are read, segmented and set aside one by one, so that memory does not grow
    with their number. Closing the iterator early leaves former results as they were.

    `cancel` is asked before each batch of tiles.

    Yields
    ------
    `FileOpened`, per page `PageStarted` and the segmenter's events, `FileDone`.

    Raises
    ------
    DinoCellError
        If the image cannot be read or segmented, or the results not be written.
    CancelledError
        Once `cancel` says True.
    """
    image = target.open(axes=job.axes, level=job.level)
    require_inside(job.region, image.plane_shape)
    indices = chosen_pages(image, job.ranges)
    yield FileOpened(image)
    pages: list[PageRecord] = []
    degraded: list[str] = []
    result: _PageResult | None = None
    measured = job
    rename = _renaming(job.config)
    with target.output.open(image) as file:
        for number, (index, page) in enumerate(
            zip(indices, image.pages(indices), strict=True)
        ):
            yield PageStarted(number, len(indices))
            result = yield from _segment_page(measured, image, page, cancel)
            measured = _with_measured_diameter(measured, result.record)
            labels = rename(result.labels, index)
            file.add(index, labels)
            pages.append(result.record)
            degraded.extend(result.degraded)
            _write_page_overlay(job, target, image, index, page, labels)
        assert result is not None  # ranges hold at least one page
        provenance = Provenance(
            image=_record(image, target),
            model=job.model,
            settings=job.config,
            device=result.ready.device,
            precision=result.ready.precision,
            pages=tuple(pages),
            degraded=tuple(degraded),
            region=job.region,
            ranges=job.ranges,
        )
        file.sign(provenance)
    yield FileDone(provenance)


def _renaming(config: SegmentConfig) -> Renaming:
    """What names the cells of each page, given with its index, page after page."""
    linker = PageLinker() if config.link else None
    numbers = ConsecutiveIds() if config.consecutive_ids else None

    def rename(labels: Labels, index: tuple[int, ...]) -> Labels:
        linked = labels if linker is None else linker.link(labels, index)
        return linked if numbers is None else numbers.renumber(linked)

    return rename


def count_cells(labels: Labels) -> int:
    """Count the ids of a plane; they may have gaps."""
    seen = np.zeros(int(labels.max(initial=0)) + 1, np.bool_)
    for band in row_bands(*labels.shape):
        seen[labels[band]] = True
    return int(np.count_nonzero(seen[1:]))


def _segment_page(
    job: SegmentJob,
    image: ImageFile,
    page: Image,
    cancel: Callable[[], bool] | None,
) -> Generator[SegmentEvent, None, _PageResult]:
    """Pass the segmenter's events on, and keep what they say for the record."""
    started = time.perf_counter()
    diameter = job.config.cell_diameter
    channel: Channel | None = None
    degraded: list[str] = []
    ready: DistanceMapReady | None = None
    axis = image.channel_axis
    part = crop_page(page, job.region, channel_axis=axis)
    steps = job.segmenter.steps(part, job.config, channel_axis=axis, cancel=cancel)
    for event in steps:
        match event:
            case ChannelChosen():
                channel = event.channel
            case ScaleChosen():
                diameter = event.cell_diameter
            case Degraded():
                degraded.append(f"{event.reason}: {event.action}")
            case DistanceMapReady():
                ready = event
        yield event
    if ready is None:  # the last event of a run that nobody cancelled
        raise CancelledError
    labels = label_cells(ready.distance_map, job.config.watershed)
    record = PageRecord(
        cells=count_cells(labels),
        seconds=round(time.perf_counter() - started, 3),
        cell_diameter=None if isinstance(diameter, str) else diameter,
        constant=ready.constant,
        no_cells=ready.no_cells,
        channel=channel,
    )
    labels = expand_cells(labels, job.config.expand)
    labels = place_labels(labels, job.region, image.plane_shape)
    return _PageResult(labels, record, ready, degraded)


def _with_measured_diameter(job: SegmentJob, page: PageRecord) -> SegmentJob:
    """One stack, one scale: the first page with cells to measure decides."""
    if job.config.cell_diameter != "auto" or page.cell_diameter is None:
        return job
    return replace(job, config=replace(job.config, cell_diameter=page.cell_diameter))


def _write_page_overlay(
    job: SegmentJob,
    target: Target,
    image: ImageFile,
    index: PageIndex,
    page: Image,
    labels: Labels,
) -> None:
    if not job.overlay:
        return
    if image.channel_axis is not None:
        page = plane_of(page, job.config, channel_axis=image.channel_axis)
    path = target.overlay(_page_number(image, index), image.page_count)
    write_overlay(path, page, labels)


def _page_number(image: ImageFile, index: PageIndex) -> int:
    """Among all pages, counted from 0."""
    return int(np.ravel_multi_index(index, image.page_counts)) if index else 0


def _record(image: ImageFile, target: Target) -> ImageRecord:
    if isinstance(image, ArrayImage):
        return image.record()
    if target.found is not None and target.found.url is not None:
        return record_pixels(image, str(target.found.address))
    return record_image(image)


def _identity(record: ImageRecord) -> tuple[object, ...]:
    """What makes two files the same image, wherever they lie."""
    return (record.bytes, record.sha256, record.axes, record.shape, record.level)
