"""Segment files one after the other; knows neither terminal nor viewer."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import DinoCellError, ExportError
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    ScaleChosen,
)
from napari_dinocell.engine.inference.preprocess import to_plane
from napari_dinocell.engine.results.export import open_labels
from napari_dinocell.engine.results.image_files import open_image
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
    read_provenance,
    record_image,
    sidecar_path,
    write_provenance,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from napari_dinocell.engine.arrays import Image, Labels
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.results.export import LabelFormat
    from napari_dinocell.engine.results.image_files import ImageFile
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
    overlay: bool = False
    """Write a picture with outlines, too."""


@dataclass(frozen=True, slots=True)
class Target:
    """One image file and where its results go."""

    image: Path
    labels: Path

    @property
    def sidecar(self) -> Path:
        """Settings and versions beside the labels."""
        return sidecar_path(self.labels)

    def overlay(self, page: int, pages: int) -> Path:
        """Picture of one page; a single page has no number in its name."""
        number = "" if pages == 1 else f"_{page:04d}"
        name = self.labels.stem.removesuffix("_labels")
        return self.labels.with_name(f"{name}_overlay{number}.png")


@dataclass(frozen=True, slots=True)
class FileOpened:
    """The file can be read; its pages come next."""

    image: ImageFile


@dataclass(frozen=True, slots=True)
class PageStarted:
    """The events of page `page` (from 0) of `pages` follow."""

    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class FileDone:
    """Labels and side-car are on disk."""

    provenance: Provenance


@dataclass(frozen=True, slots=True)
class _PageResult:
    labels: Labels
    record: PageRecord
    ready: DistanceMapReady
    degraded: list[str]


FileEvent: TypeAlias = "FileOpened | PageStarted | FileDone | SegmentEvent"


def plan_targets(
    images: Iterable[Path], folder: Path, file_format: LabelFormat
) -> list[Target]:
    """Name the results of each image: NAME_labels.FORMAT in `folder`.

    Raises
    ------
    ExportError
        If two images would be written to one file (also where only upper and lower
        case differ), before any work is done.
    """
    targets: dict[str, Target] = {}
    for image in images:
        name = image.stem.removesuffix(".ome")
        target = Target(image, folder / f"{name}_labels.{file_format}")
        other = targets.setdefault(target.labels.name.casefold(), target)
        if other is not target:
            raise ExportError(
                f"{other.image} and {image} would both be written to {target.labels}. "
                "Rename one of them, or segment them into different folders."
            )
    return list(targets.values())


def is_finished(job: SegmentJob, target: Target) -> bool:
    """Whether the same image, settings and model have led to labels that are there."""
    if not (target.labels.is_file() and target.sidecar.is_file()):
        return False
    try:
        former = read_provenance(target.sidecar)
        image = open_image(target.image, axes=job.axes)
        same_image = _identity(former.image) == _identity(record_image(image))
    except DinoCellError:
        return False
    last_overlay = target.overlay(image.page_count - 1, image.page_count)
    return (
        same_image
        and former.settings == job.config
        and former.region == job.region
        and former.model.sha256 == job.model.sha256
        and (not job.overlay or last_overlay.is_file())
    )


def segment_file(job: SegmentJob, target: Target) -> Generator[FileEvent, None, None]:
    """Segment all pages of a file and write labels, side-car and overlays.

    Pages are read, segmented and set aside one by one, so that memory does not grow
    with their number. Closing the iterator early leaves former results as they were.

    Yields
    ------
    `FileOpened`, per page `PageStarted` and the segmenter's events, `FileDone`.

    Raises
    ------
    DinoCellError
        If the image cannot be read or segmented, or the results not be written.
    """
    image = open_image(target.image, axes=job.axes)
    require_inside(job.region, image.plane_shape)
    asked = job.config
    yield FileOpened(image)
    pages: list[PageRecord] = []
    degraded: list[str] = []
    result: _PageResult | None = None
    with open_labels(
        target.labels,
        axes=image.page_axes,
        counts=image.page_counts,
        pixel_size=image.pixel_size,
    ) as file:
        for number, page in enumerate(image.pages()):
            yield PageStarted(number, image.page_count)
            result = yield from _segment_page(job, image, page)
            job = _with_measured_diameter(job, result.record)
            file.add(result.labels)
            pages.append(result.record)
            degraded.extend(result.degraded)
            if job.overlay:
                _write_page_overlay(job, target, image, number, page, result.labels)
        # From here until the new one is written, no side-car vouches for the labels.
        target.sidecar.unlink(missing_ok=True)
    assert result is not None  # open_labels refuses a file without pages
    provenance = Provenance(
        image=record_image(image),
        model=job.model,
        settings=asked,
        device=result.ready.device,
        precision=result.ready.precision,
        pages=tuple(pages),
        degraded=tuple(degraded),
        region=job.region,
    )
    write_provenance(target.sidecar, provenance)
    yield FileDone(provenance)


def count_cells(labels: Labels) -> int:
    """Count the ids of a plane; they may have gaps."""
    return int(np.count_nonzero(np.bincount(labels.ravel())[1:]))


def _segment_page(
    job: SegmentJob, image: ImageFile, page: Image
) -> Generator[SegmentEvent, None, _PageResult]:
    """Pass the segmenter's events on, and keep what they say for the record."""
    started = time.perf_counter()
    diameter = job.config.cell_diameter
    degraded: list[str] = []
    ready: DistanceMapReady | None = None
    axis = image.channel_axis
    part = crop_page(page, job.region, channel_axis=axis)
    for event in job.segmenter.steps(part, job.config, channel_axis=axis):
        match event:
            case ScaleChosen():
                diameter = event.cell_diameter
            case Degraded():
                degraded.append(f"{event.reason}: {event.action}")
            case DistanceMapReady():
                ready = event
        yield event
    assert ready is not None  # the last event of a run that nobody cancelled
    labels = job.segmenter.labels()
    record = PageRecord(
        cells=count_cells(labels),
        seconds=round(time.perf_counter() - started, 3),
        cell_diameter=None if isinstance(diameter, str) else diameter,
        constant=ready.constant,
    )
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
    number: int,
    page: Image,
    labels: Labels,
) -> None:
    if image.channel_axis is not None:
        page = to_plane(
            page,
            job.config.channel,
            channel_axis=image.channel_axis,
            channels=job.config.channels,
        )
    write_overlay(target.overlay(number, image.page_count), page, labels)


def _identity(record: ImageRecord) -> tuple[object, ...]:
    """What makes two files the same image, wherever they lie."""
    return (record.bytes, record.sha256, record.axes, record.shape)
