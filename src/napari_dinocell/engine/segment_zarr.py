"""One call for OME-Zarr: labels of images, collections and plates, in their stores."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.batch.events import FileEnded
from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.make_job import make_job
from napari_dinocell.engine.batch.run_batch import segment_batch
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.images.find_images import search_images
from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_dinocell.engine.batch.events import BatchEvent
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
    report: Callable[[BatchEvent], None] | None = None,
    **overrides: Any,
) -> list[Path]:
    """Segment OME-Zarr 0.4 or 0.5 on a disk; labels become part of each image.

    A page is in memory at a time. An image gets its labels whole or stays as it was.

    Parameters
    ----------
    store
        An image, a collection of images, a plate or a well.
    labels, overwrite
        Labels go to IMAGE/labels/NAME (uint32, ..., Y, X), not over others unasked.
    resume
        Skip images whose labels the same model and settings have made.
    wells, fields
        Of plates: patterns such as "B/*", and numbers from 0; () takes all.
    level, ranges, region
        Resolution, 0 the finest; pages, {"T": (0, 10)}; rows and columns, each first
        and one past the last: ((top, bottom), (left, right)). Labels elsewhere are 0.
    report, model, device, **overrides
        Told of every event (`engine.batch.events`); the others are as for `segment`.

    Returns
    -------
    Groups of the labels, one per image, in the order of the store.

    Raises
    ------
    DinoCellError
        If store, settings, device or model cannot be used, or the only image fails.
    ExceptionGroup
        Of all images that failed, once the others are done.
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
    _run(job, targets, resume, report)
    return [target.labels for target in targets]


def _run(
    job: SegmentJob,
    targets: Sequence[Target],
    resume: bool,
    report: Callable[[BatchEvent], None] | None,
) -> None:
    """Segment all images, then raise the errors of those that failed."""
    errors: list[Exception] = []
    with closing(segment_batch(job, targets, resume=resume)) as events:
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
