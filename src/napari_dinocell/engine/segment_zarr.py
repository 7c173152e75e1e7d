"""One call for OME-Zarr: labels of images, collections and plates, in their stores."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.batch.events import FileEnded
from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.make_job import make_job
from napari_dinocell.engine.batch.run_batch import segment_batch
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.blocks.segment_large import SegmentLarge
from napari_dinocell.engine.images.find_images import search_images
from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_dinocell.engine.batch.events import BatchEvent
    from napari_dinocell.engine.batch.run_batch import SegmentOne
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.images.page_choice import PageRanges
    from napari_dinocell.engine.results.page_region import PageRegion


def segment_zarr(
    store: str | Path,
    *,
    labels: str = "cells",
    overwrite: bool = False,
    resume: bool = False,
    wells: tuple[str, ...] = (),
    fields: tuple[int, ...] = (),
    level: int = 0,
    ranges: PageRanges | None = None,
    region: PageRegion | None = None,
    model: str | Path | None = None,
    device: str = "auto",
    blocks: bool = False,
    report: Callable[[BatchEvent], None] | None = None,
    **overrides: Any,
) -> list[Path]:
    """Segment OME-Zarr 0.4 or 0.5 on a disk; labels become part of each image.

    A page is in memory at a time, or a block of one that would take half of the free
    memory. An image gets its labels whole or stays as it was.

    Parameters
    ----------
    store
        An image, a collection of images, a plate or a well.
    labels, overwrite, resume
        Labels go to IMAGE/labels/NAME (uint32, ..., Y, X), not over others unasked;
        images are skipped whose labels the same model and settings have made.
    wells, fields, level, ranges, region
        Patterns such as "B/*" and numbers from 0, of plates; () takes all. Then
        resolution, 0 the finest; pages, {"T": (0, 10)}; rows and columns, each first
        and one past the last: ((top, bottom), (left, right)). Labels elsewhere are 0.
    blocks, report, model, device, **overrides
        Whether all pages are cut, with the same labels; told of every event
        (`engine.batch.events`); the others are as for `segment`.

    Returns
    -------
    Groups of the labels, one per image, in the order of the store.

    Raises
    ------
    DinoCellError
        If store, settings, device or model cannot be used, or the only image fails;
        an ExceptionGroup of all that failed, once the others are done.
    """
    choice = FieldChoice(wells=tuple(wells), fields=tuple(fields))
    into = IntoImage(name=labels, overwrite=overwrite)
    targets = plan_targets(search_images([store], choice=choice), into)
    job = make_job(
        model=None if model is None else str(model),
        device=device,
        overrides=overrides,
        region=region,
        ranges=ranges,
        level=level,
    )
    _run(job, targets, resume, report, SegmentLarge(always=blocks))
    return [target.labels for target in targets]


def _run(
    job: SegmentJob,
    targets: Sequence[Target],
    resume: bool,
    report: Callable[[BatchEvent], None] | None,
    segment: SegmentOne,
) -> None:
    """Segment all images, then raise the errors of those that failed."""
    errors: list[Exception] = []
    batch = segment_batch(job, targets, resume=resume, segment=segment)
    with closing(batch) as events:
        for event in events:
            if isinstance(event, FileEnded) and event.error is not None:
                event.error.add_note(f"while segmenting {event.target.name}")
                errors.append(event.error)
            if report is not None:
                report(event)
    if len(targets) == 1 and errors:
        raise errors[0]
    if errors:
        counts = f"{len(errors)} of {len(targets)} images"
        raise ExceptionGroup(f"{counts} could not be segmented", errors)
