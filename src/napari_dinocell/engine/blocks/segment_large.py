"""Images of OME-Zarr whose planes memory hardly holds, block by block.

Takes the place of `segment_file` in a batch: the same labels, in the same place, with
the same record of how they came about.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_dinocell.engine.batch.events import (
    FileDone,
    FileOpened,
    PageStarted,
    PartDone,
)
from napari_dinocell.engine.batch.segment_files import segment_file
from napari_dinocell.engine.batch.segment_pages import (
    CancelledError,
    with_measured_diameter,
)
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.into_image import (
    PageRun,
    page_of_run,
    provenance_of_pages,
    publish_pages,
)
from napari_dinocell.engine.blocks.make_plan import make_plan
from napari_dinocell.engine.blocks.plan import SIDE
from napari_dinocell.engine.blocks.run import JobDone, run_all
from napari_dinocell.engine.blocks.source import PlaneSource
from napari_dinocell.engine.errors import DinoCellError, NotInBlocksError
from napari_dinocell.engine.images.file_kinds import kind_by_content
from napari_dinocell.engine.images.page_choice import chosen_pages
from napari_dinocell.engine.records import dump_record
from napari_dinocell.engine.results.left_behind import discard
from napari_dinocell.engine.results.zarr_labels.publish import require_free
from napari_dinocell.engine.watershed.memory import spare_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from napari_dinocell.engine.batch.events import FileEvent
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.blocks.executors import Executor
    from napari_dinocell.engine.images.image_file import ImageFile

    Cancel: TypeAlias = Callable[[], bool] | None

SHARE = 0.5
"""Of the free memory: planes that would take more are cut into blocks unasked."""

BYTES_PER_PIXEL = 30
"""Of a plane that is segmented whole, beside its own pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLarge:
    """Segments the images of a batch: large planes in blocks, the others as they are.

    A call takes, yields and raises what `segment_file` does.
    """

    always: bool = False
    """Blocks for every image, and an error where that cannot be."""
    side: int = SIDE
    """Of a block, in pixels."""
    executor: Executor = field(default_factory=Serial)

    def __call__(
        self, job: SegmentJob, target: Target, *, cancel: Cancel = None
    ) -> Generator[FileEvent, None, None]:
        """Segment an image."""
        if not (self.always or _wants_blocks(job, target)):
            yield from segment_file(job, target, cancel=cancel)
            return
        try:
            yield from segment_in_blocks(job, target, self, cancel=cancel)
        except NotInBlocksError:
            if self.always:
                raise
            yield from segment_file(job, target, cancel=cancel)


def _wants_blocks(job: SegmentJob, target: Target) -> bool:
    """Whether an image goes in blocks unasked; most are told without opening them."""
    return why_not(job, target) is None and is_large(
        job, target.open(axes=job.axes, level=job.level)
    )


def is_large(job: SegmentJob, image: ImageFile) -> bool:
    """Whether what is segmented of a page would take much of the free memory."""
    shape: tuple[int, int] = image.plane_shape
    if job.region is not None:
        (top, bottom), (left, right) = job.region
        shape = bottom - top, right - left
    channels = prod(image.shape) // (prod(image.plane_shape) * image.page_count)
    return takes_much(prod(shape), channels * image.dtype.itemsize)


def takes_much(pixels: int, bytes_per_pixel: int) -> bool:
    """Whether a plane, segmented whole, would take more than the share of memory."""
    return pixels * (BYTES_PER_PIXEL + bytes_per_pixel) > SHARE * spare_memory()


def why_not(job: SegmentJob, target: Target) -> str | None:
    """What of a job blocks cannot do; None if they can do it."""
    config = job.config
    wanted = {
        "labels in a folder (-o)": target.into is None,
        "a mask": job.mask is not None or config.watershed.inside is not None,
        "linked ids": config.link,
        "volumes": config.stack.volume,
        "pictures of the outlines": job.overlay,
        "other formats": bool(job.also),
    }
    return next((name for name, asked in wanted.items() if asked), None)


def segment_in_blocks(
    job: SegmentJob, target: Target, how: SegmentLarge, *, cancel: Cancel = None
) -> Generator[FileEvent, None, None]:
    """Segment an image in blocks; its labels become part of it.

    What is done is kept beside the store until all is done: after an error or a kill,
    the same job goes on there. The store is written in the end, as a whole.

    Yields
    ------
    `FileOpened`, per page `PageStarted` and `PartDone`, `FileDone`.

    Raises
    ------
    PlanError
        If blocks cannot do what is asked for.
    DinoCellError
        Any other kind, if the image cannot be read or segmented, or not be written.
    CancelledError
        Once `cancel` says True.
    """
    reason = why_not(job, target)
    if reason is not None:
        raise NotInBlocksError(
            "Expected for blocks labels that become part of OME-Zarr, and nothing "
            f"besides, but {reason} are asked for. Leave that or --blocks out."
        )
    assert target.into is not None  # as `why_not` has asked
    image = target.open(axes=job.axes, level=job.level)
    require_free(target.labels, overwrite=target.into.overwrite)
    yield FileOpened(image)
    work = work_folder(job, target, how.side)
    try:
        pages = yield from _run_pages(job, target, image, work, how, cancel)
        provenance = provenance_of_pages(pages, image, job.config, job.ranges)
        for part in publish_pages(pages, image, target.into, provenance):
            yield PartDone("image", part.done, part.total)
    except DinoCellError as error:
        if work.exists():
            error.add_note(f"What is done is kept in {work.parent}.")
        raise
    discard(work.parent)
    yield FileDone(provenance)


def work_folder(job: SegmentJob, target: Target, side: int) -> Path:
    """Where the runs of an image are kept: beside its store, never inside.

    Those of other settings for the same labels are removed.
    """
    store = target.labels.absolute().parents[1]
    for parent in store.parents:
        if kind_by_content(parent) == "zarr":
            store = parent
    own = _checksum(str(target.labels.absolute()))
    settings = dump_record(job.config)
    asked = _checksum(
        f"{settings} {job.model.sha256} {job.segmenter.device} {job.axes} {job.region} "
        f"{job.level} {side}"
    )
    folder = store.with_name(f".{store.name}.{own}.blocks")
    others = folder.iterdir() if folder.is_dir() else ()
    for other in others:
        if other.name != asked:
            discard(other)
    return folder / asked


def _run_pages(
    job: SegmentJob,
    target: Target,
    image: ImageFile,
    work: Path,
    how: SegmentLarge,
    cancel: Cancel,
) -> Generator[PageStarted | PartDone, None, list[PageRun]]:
    """Segment the pages, each in a folder of its own."""
    pages: list[PageRun] = []
    indices = chosen_pages(image, job.ranges)
    for number, index in enumerate(indices):
        yield PageStarted(number, len(indices))
        started = time.perf_counter()
        page = int(np.ravel_multi_index(index, image.page_counts)) if index else 0
        source = PlaneSource(
            path=str(target.image.absolute()),
            axes=job.axes,
            scene=target.scene,
            page=page,
            level=job.level,
            region=job.region,
        )
        run = make_plan(job, source, work / f"{page}", side=how.side)
        for event in run_all(run, how.executor):
            if cancel is not None and cancel():
                raise CancelledError
            if isinstance(event, JobDone):
                yield PartDone(event.stage, event.done, event.total)
        pages.append(page_of_run(run, time.perf_counter() - started))
        job = with_measured_diameter(job, pages[-1].record)
    return pages


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
