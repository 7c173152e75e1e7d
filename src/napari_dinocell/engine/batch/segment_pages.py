"""Segment the pages of a file one after the other; knows nothing of what is written."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_dinocell.engine.bands import row_bands
from napari_dinocell.engine.batch.events import PageStarted
from napari_dinocell.engine.inference.events import (
    ChannelChosen,
    Degraded,
    DistanceMapReady,
    ScaleChosen,
    SegmentEvent,
)
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.labels.mask_file import open_mask
from napari_dinocell.engine.results.page_region import crop_page, place_part
from napari_dinocell.engine.results.provenance import PageRecord
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from napari_dinocell.engine.arrays import DistanceMap, Image, Labels, Mask
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.config import Channel
    from napari_dinocell.engine.images.image_file import ImageFile, PageIndex
    from napari_dinocell.engine.labels.mask_file import MaskPages

    Cancel: TypeAlias = Callable[[], bool] | None


class CancelledError(Exception):
    """`cancel` said so; what stood on the disk before is untouched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMade:
    """How the map of one page was made."""

    record: PageRecord
    """Its cells are still to be counted."""
    device: str
    precision: str
    degraded: tuple[str, ...]

    def with_cells(self, labels: Labels, seconds: float) -> PageMade:
        """The same once its cells (Y, X) were found, which took so long."""
        record = replace(
            self.record,
            cells=count_cells(labels),
            seconds=round(self.record.seconds + seconds, 3),
        )
        return replace(self, record=record)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageResult:
    """The labels of one page, and how they were made."""

    index: tuple[int, ...]
    """Along the axes that count pages."""
    labels: Labels
    """(Y, X), of the whole page."""
    made: PageMade
    page: Image | None
    """Its pixels, where they are to be drawn or measured."""
    distance_map: DistanceMap | None
    """(Y, X), of the whole page, where its cells are to be measured."""


PageEvent: TypeAlias = PageStarted | SegmentEvent | PageResult


def segment_pages(
    job: SegmentJob, image: ImageFile, indices: list[PageIndex], cancel: Cancel
) -> Iterator[PageEvent]:
    """Segment the chosen pages, each by itself.

    Yields
    ------
    Per page `PageStarted`, the segmenter's events, and `PageResult`.

    Raises
    ------
    CancelledError
        Once `cancel` says True.
    """
    indexed = zip(indices, image.pages(indices), strict=True)
    with open_mask(job.mask, image) as masks:
        for number, (index, page) in enumerate(indexed):
            yield PageStarted(number, len(indices))
            distance_map, made = yield from predict_page(job, image, page, cancel)
            started = time.perf_counter()
            within = part_of_mask(job, masks, index)
            labels = label_cells(distance_map, job.watershed, within=within)
            made = made.with_cells(labels, time.perf_counter() - started)
            yield page_result(job, image, made, index, page, labels, distance_map)
            job = with_measured_diameter(job, made.record)


def part_of_mask(
    job: SegmentJob, masks: MaskPages | None, index: PageIndex
) -> Mask | None:
    """(Y, X): where cells are wanted in what is segmented of a page."""
    if masks is None:
        return None
    return crop_page(masks.page(index), job.region, channel_axis=None)


def predict_page(
    job: SegmentJob, image: ImageFile, page: Image, cancel: Cancel
) -> Generator[SegmentEvent, None, tuple[DistanceMap, PageMade]]:
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
    record = PageRecord(
        cells=0,
        seconds=time.perf_counter() - started,
        cell_diameter=None if isinstance(diameter, str) else diameter,
        constant=ready.constant,
        no_cells=ready.no_cells,
        channel=channel,
    )
    return ready.distance_map, PageMade(
        record=record,
        device=ready.device,
        precision=ready.precision,
        degraded=tuple(degraded),
    )


def page_result(
    job: SegmentJob,
    image: ImageFile,
    made: PageMade,
    index: tuple[int, ...],
    page: Image | None,
    labels: Labels,
    distance_map: DistanceMap,
) -> PageResult:
    """What is written of a page whose cells (Y, X), or those of a region, are found."""
    labels = expand_cells(labels, job.config.expand)
    whole = image.plane_shape
    seen = place_part(distance_map, job.region, whole) if job.measures else None
    return PageResult(
        index=index,
        labels=place_part(labels, job.region, whole),
        made=made,
        page=page if job.keeps_pages else None,
        distance_map=seen,
    )


def with_measured_diameter(job: SegmentJob, page: PageRecord) -> SegmentJob:
    """One stack, one scale: the first page with cells to measure decides."""
    if job.config.cell_diameter != "auto" or page.cell_diameter is None:
        return job
    return replace(job, config=replace(job.config, cell_diameter=page.cell_diameter))


def count_cells(labels: Labels) -> int:
    """Count the ids of a plane; they may have gaps."""
    seen = np.zeros(int(labels.max(initial=0)) + 1, np.bool_)
    for band in row_bands(*labels.shape):
        seen[labels[band]] = True
    return int(np.count_nonzero(seen[1:]))
