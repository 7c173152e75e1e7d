"""Segment the slices of a file together, volume by volume."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.batch.events import PageStarted
from napari_dinocell.engine.batch.segment_pages import (
    CancelledError,
    page_result,
    part_of_mask,
    predict_page,
    with_measured_diameter,
)
from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.labels.mask_file import open_mask
from napari_dinocell.engine.results.page_region import crop_page
from napari_dinocell.engine.volume.check import (
    require_volume,
    require_z_last,
    spacing_of,
)
from napari_dinocell.engine.volume.orthogonal import add_views
from napari_dinocell.engine.volume.volume_map import join_slices
from napari_dinocell.engine.volume.volume_steps import with_one_diameter
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_dinocell.engine.arrays import DistanceMap, Image, Mask
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.batch.segment_pages import Cancel, PageEvent, PageMade
    from napari_dinocell.engine.images.image_file import ImageFile, PageIndex
    from napari_dinocell.engine.inference.events import SegmentEvent


def segment_volumes(
    job: SegmentJob, image: ImageFile, indices: list[PageIndex], cancel: Cancel
) -> Iterator[PageEvent]:
    """Segment the chosen slices of a file together; ids go through those of a volume.

    Yields
    ------
    Per slice `PageStarted` and the segmenter's events; `PageResult` for all slices of a
    volume, once its cells are found.

    Raises
    ------
    ImageError
        If the pages are no slices.
    OutOfMemoryError
        If memory cannot hold the map of a volume.
    CancelledError
        Once `cancel` says True.
    """
    require_z_last(image.page_axes)
    volumes = [list(slices) for _, slices in groupby(indices, lambda i: i[:-1])]
    shape = (len(volumes[0]), *_part_shape(job, image))
    require_volume(shape)
    z_spacing = spacing_of(job.config.stack, image.pixel_size)
    job = yield from _with_one_diameter(job, image, volumes[0], cancel)
    for number, slices in enumerate(volumes):
        maps = np.empty(shape, np.float32)
        kept: list[Image] = []
        made: list[PageMade] = []
        for z, page in enumerate(image.pages(slices)):
            yield PageStarted(number * len(slices) + z, len(indices))
            maps[z], of_slice = yield from predict_page(job, image, page, cancel)
            made.append(of_slice)
            job = with_measured_diameter(job, of_slice.record)
            if job.keeps_pages or job.config.stack.orthogonal:
                kept.append(page)
        if job.config.stack.orthogonal:
            yield from _add_views(job, image, kept, maps, z_spacing, cancel)
        started = time.perf_counter()
        joined = join_slices(maps, z_spacing=z_spacing, bridge=job.config.stack.bridge)
        within = _part_of_masks(job, image, slices)
        labels = label_cells(joined, job.watershed, within=within)
        seconds = (time.perf_counter() - started) / shape[0]
        for z, index in enumerate(slices):
            done = made[z].with_cells(labels[z], seconds)
            pixels = kept[z] if kept else None
            yield page_result(job, image, done, index, pixels, labels[z], joined[z])


def _part_of_masks(
    job: SegmentJob, image: ImageFile, slices: list[PageIndex]
) -> Mask | None:
    """(Z, Y, X): where cells are wanted in what is segmented of a volume."""
    with open_mask(job.mask, image) as masks:
        parts = (part_of_mask(job, masks, index) for index in slices)
        found = [part for part in parts if part is not None]
    return np.stack(found) if found else None


def _part_shape(job: SegmentJob, image: ImageFile) -> tuple[int, int]:
    """Height and width of what is segmented of each slice."""
    if job.region is None:
        return image.plane_shape
    (top, bottom), (left, right) = job.region
    return bottom - top, right - left


def _with_one_diameter(
    job: SegmentJob, image: ImageFile, slices: list[PageIndex], cancel: Cancel
) -> Generator[SegmentEvent, None, SegmentJob]:
    """Job with the diameter of the cells in the middle slice of a volume."""
    if job.config.cell_diameter != "auto":
        return job
    middle = next(iter(image.pages([slices[len(slices) // 2]])))
    axis = image.channel_axis
    config = yield from with_one_diameter(
        job.segmenter,
        crop_page(middle, job.region, channel_axis=axis),
        job.config,
        channel_axis=axis,
        cancel=cancel,
    )
    return replace(job, config=config)


def _add_views(
    job: SegmentJob,
    image: ImageFile,
    pages: list[Image],
    maps: DistanceMap,
    z_spacing: float,
    cancel: Cancel,
) -> Iterator[SegmentEvent]:
    axis = image.channel_axis
    parts = [crop_page(page, job.region, channel_axis=axis) for page in pages]
    gray = np.stack([plane_of(p, job.config, channel_axis=axis) for p in parts])
    yield from add_views(
        job.segmenter, gray, maps, job.config, z_spacing=z_spacing, cancel=cancel
    )
    if cancel is not None and cancel():
        raise CancelledError
