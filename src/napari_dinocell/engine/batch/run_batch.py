"""Many images, whatever happens to single ones; knows neither terminal nor viewer."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from napari_dinocell.engine.batch.events import (
    BatchEvent,
    FileDone,
    FileEnded,
    FileStarted,
    SummaryNotWritten,
)
from napari_dinocell.engine.batch.extras import extra_paths
from napari_dinocell.engine.batch.joined_table import join_tables
from napari_dinocell.engine.batch.segment_files import find_finished, segment_file
from napari_dinocell.engine.batch.segment_pages import CancelledError
from napari_dinocell.engine.batch.shared_limits import with_shared_limits
from napari_dinocell.engine.batch.summary import SummaryRow, write_summary
from napari_dinocell.engine.errors import (
    CheckpointError,
    DeviceError,
    DinoCellError,
    ExportError,
    NeedsTrainingError,
)
from napari_dinocell.engine.results.export_formats import MEASUREMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from napari_dinocell.engine.batch.events import FileEvent
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.batch.targets import Target


class SegmentOne(Protocol):
    """Segments one image of a batch, as `segment_file` does."""

    def __call__(
        self,
        job: SegmentJob,
        target: Target,
        *,
        cancel: Callable[[], bool] | None = None,
    ) -> Generator[FileEvent, None, None]:
        """Yield events, the last of which is `FileDone`."""


FAULT_OF_ALL = (CheckpointError, DeviceError, NeedsTrainingError)
"""Errors after which no other image could be segmented either."""


def segment_batch(
    job: SegmentJob,
    targets: Sequence[Target],
    *,
    resume: bool = False,
    cancel: Callable[[], bool] | None = None,
    summary: Path | None = None,
    table: Path | None = None,
    segment: SegmentOne = segment_file,
) -> Generator[BatchEvent, None, None]:
    """Segment images one after the other; one that fails does not stop the others.

    Parameters
    ----------
    job
        Model and settings, the same for all.
    targets
        From `plan_targets`.
    resume
        Skip images that the same model and settings have segmented.
    cancel
        Asked before each batch of tiles; once it says True the iterator just ends.
    summary
        Where to keep a table of all images, written before the first one and after
        each. None keeps none.
    table
        Where the measurements of all images go in the end, also of a cancelled batch,
        if the job measures cells. None writes none.
    segment
        What segments one image; other ways take, yield and raise the same.

    Yields
    ------
    Per image `FileStarted` and what `segment_file` yields (neither for a skipped one),
    then `FileEnded`. `SummaryNotWritten` wherever a table could not be written.

    Raises
    ------
    ExportError
        If the summary cannot be written before the first image.
    CheckpointError, DeviceError, NeedsTrainingError
        That are no single image's fault.
    """
    rows = [SummaryRow.waiting(target) for target in targets]
    if summary is not None:
        write_summary(summary, rows)
    yield from _segment_all(job, targets, rows, resume, cancel, summary, segment)
    if table is not None and job.measures:
        yield from _join(table, targets, rows)


def _segment_all(
    job: SegmentJob,
    targets: Sequence[Target],
    rows: list[SummaryRow],
    resume: bool,
    cancel: Callable[[], bool] | None,
    summary: Path | None,
    segment: SegmentOne,
) -> Generator[BatchEvent, None, None]:
    """Segment the images until `cancel` says True; `rows` tell how each went."""
    job = with_shared_limits(job, targets, cancel=cancel)
    for number, target in enumerate(targets):
        if cancel is not None and cancel():
            return
        try:
            ended = yield from _segment_one(
                job, number, target, resume, cancel, segment
            )
        except CancelledError:
            return
        rows[number] = ended.row
        if summary is not None:
            yield from _update(summary, rows)
        yield ended


def _segment_one(
    job: SegmentJob,
    number: int,
    target: Target,
    resume: bool,
    cancel: Callable[[], bool] | None,
    segment: SegmentOne,
) -> Generator[BatchEvent, None, FileEnded]:
    try:
        former = find_finished(job, target) if resume else None
        if former is not None:
            row = SummaryRow.finished(target, former, skipped=True)
            return FileEnded(number, target, row)
        yield FileStarted(number, target)
        with closing(segment(job, target, cancel=cancel)) as events:
            for event in events:
                yield event
                if isinstance(event, FileDone):
                    row = SummaryRow.finished(target, event.provenance)
        return FileEnded(number, target, row)
    except (*FAULT_OF_ALL, CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
        row = SummaryRow.failed(target, _reason(error))
        return FileEnded(number, target, row, error)


def _update(
    summary: Path, rows: Sequence[SummaryRow]
) -> Generator[SummaryNotWritten, None, None]:
    try:
        write_summary(summary, rows)
    except ExportError as error:  # open in a spreadsheet, perhaps
        yield SummaryNotWritten(error)


def _join(
    table: Path, targets: Sequence[Target], rows: Sequence[SummaryRow]
) -> Generator[SummaryNotWritten, None, None]:
    """Put the measurements of all images into one table."""
    tables: dict[str, Path | None] = {}
    for target, row in zip(targets, rows, strict=True):
        done = row.status in ("done", "skipped")
        own = extra_paths(target, (MEASUREMENTS,)).get(MEASUREMENTS)
        tables[target.name] = own if done else None
    try:
        join_tables(table, tables)
    except ExportError as error:  # open in a spreadsheet, perhaps
        yield SummaryNotWritten(error, "table of measurements")


def _reason(error: Exception) -> str:
    """One sentence for the user."""
    if isinstance(error, DinoCellError):
        return str(error)
    return (
        f"unexpected {type(error).__name__}: {error}. This is a fault of the program; "
        "please report it, with DINOCELL_DEBUG=1 set to see where it happened."
    )
