"""Segment files one after the other; knows neither terminal nor viewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.batch.array_image import ArrayImage
from napari_dinocell.engine.batch.cell_names import CellNames
from napari_dinocell.engine.batch.events import FileDone, FileOpened
from napari_dinocell.engine.batch.extras import Extras, extra_paths
from napari_dinocell.engine.batch.segment_pages import PageResult, segment_pages
from napari_dinocell.engine.batch.segment_volumes import segment_volumes
from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.images.page_choice import chosen_pages
from napari_dinocell.engine.results.export_formats import MEASUREMENTS
from napari_dinocell.engine.results.overlay import write_overlay
from napari_dinocell.engine.results.page_region import require_inside
from napari_dinocell.engine.results.provenance import (
    ImageRecord,
    LineageRecord,
    ModelRecord,
    PageRecord,
    Provenance,
    record_image,
    record_pixels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_dinocell.engine.batch.events import FileEvent
    from napari_dinocell.engine.batch.outputs import PageWriter
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
    from napari_dinocell.engine.images.image_file import ImageFile, PageIndex
    from napari_dinocell.engine.images.page_choice import PageRanges
    from napari_dinocell.engine.labels.mask_file import MaskRecord
    from napari_dinocell.engine.lineage.table import Lineage
    from napari_dinocell.engine.results.page_region import PageRegion
    from napari_dinocell.engine.segmenter import Segmenter


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
    mask: MaskRecord | None = None
    """Cells whose summit is not in it are dropped, in pixels of whole pages."""
    overlay: bool = False
    """Write a picture with outlines, too."""
    also: tuple[str, ...] = ()
    """Further formats to write, of `EXTRA_FORMATS`."""

    @property
    def measures(self) -> bool:
        """Whether cells are measured."""
        return MEASUREMENTS in self.also

    @property
    def keeps_pages(self) -> bool:
        """Whether the pixels of a page are wanted once it is segmented."""
        return self.overlay or self.measures

    @property
    def watershed(self) -> WatershedConfig:
        """As the region sees it: its polygons are those of the page."""
        if self.region is None:
            return self.config.watershed
        (top, _), (left, _) = self.region
        return self.config.watershed.seen_from(top, left)


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
        and _checksum(former.mask) == _checksum(job.mask)
        and former.model.sha256 == job.model.sha256
        and (not job.overlay or last_overlay.is_file())
        and all(path.exists() for path in extra_paths(target, job.also).values())
    )
    return former if finished else None


def segment_file(
    job: SegmentJob, target: Target, *, cancel: Callable[[], bool] | None = None
) -> Generator[FileEvent, None, None]:
    """Segment all pages of a file and write labels, side-car and all besides.

    Pages are read, segmented and set aside one by one, so that memory does not grow
    with their number; those of a volume, volume by volume. Closing the iterator early
    leaves former results as they were. `cancel` is asked before each batch of tiles.

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
    extras = Extras(job.also, target, image, is_volume=job.config.stack.volume)
    yield FileOpened(image)
    pages: list[PageRecord] = []
    degraded: list[str] = []
    result: PageResult | None = None
    segment = segment_volumes if job.config.stack.volume else segment_pages
    naming = CellNames(job.config, image)
    with naming as names, target.output.open(image, extras.write) as file:
        for event in segment(job, image, indices, cancel):
            if not isinstance(event, PageResult):
                yield event
                continue
            result = event
            pages.append(result.made.record)
            degraded.extend(result.made.degraded)
            for named in names.add(result):
                _write_page(job, target, image, file, named)
                extras.add(named, named.labels)
        for named in names.rest():
            _write_page(job, target, image, file, named)
            extras.add(named, named.labels)
        assert result is not None  # ranges hold at least one page
        provenance = Provenance(
            image=_record(image, target),
            model=job.model,
            settings=job.config,
            device=result.made.device,
            precision=result.made.precision,
            pages=tuple(pages),
            degraded=tuple(degraded),
            region=job.region,
            ranges=job.ranges,
            mask=job.mask,
            lineage=_record_lineage(names.lineage),
        )
        file.sign(provenance, names.lineage)
    yield FileDone(provenance)


def _write_page(
    job: SegmentJob,
    target: Target,
    image: ImageFile,
    file: PageWriter,
    result: PageResult,
) -> None:
    """Labels under their final names, and a picture of them where one is wanted."""
    file.add(result.index, result.labels)
    page = result.page
    if not job.overlay or page is None:
        return
    if image.channel_axis is not None:
        page = plane_of(page, job.config, channel_axis=image.channel_axis)
    path = target.overlay(_page_number(image, result.index), image.page_count)
    write_overlay(path, page, result.labels)


def _record_lineage(lineage: Lineage | None) -> LineageRecord | None:
    if lineage is None:
        return None
    return LineageRecord(tracks=len(lineage.tracks), divisions=lineage.division_count)


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


def _checksum(mask: MaskRecord | None) -> str | None:
    return None if mask is None else mask.sha256
