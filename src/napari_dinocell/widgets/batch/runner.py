"""One batch after the other in a worker; knows no controls and no layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.batch.events import (
    FileEnded,
    FileStarted,
    PageStarted,
    SummaryNotWritten,
)
from napari_dinocell.engine.batch.summary import SummaryRow
from napari_dinocell.engine.inference.events import (
    Degraded,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.session.batch.job import Planned, run_batch
from napari_dinocell.session.batch.progress import BatchMeter
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.session.batch.job import BatchRequest
    from napari_dinocell.session.session import Session


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """How a batch ended."""

    request: BatchRequest
    rows: tuple[SummaryRow, ...]
    error: BaseException | None
    """That stopped it; None also where single images failed."""
    cancelled: bool


class BatchRunner(QObject):
    """Runs a request, and tells of images, not of events.

    Parameters
    ----------
    session
        Has the model, and the slot of the one job at work.
    """

    planned = Signal(object)
    """Rows of all images, before the first one."""
    row_ended = Signal(int, object)
    """Number and row of an image that is done, skipped or failed."""
    worked = Signal(int, float)
    """Number of the image at work, and how far it has come, 0 to 1."""
    progressed = Signal(object, str)
    """BatchProgress, and what is at work."""
    doubted = Signal(str)
    """What the user should know about a batch that goes on anyway."""
    ended = Signal(object)
    """BatchEnd."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.request: BatchRequest | None = None
        """Of the last batch, or the one under way."""
        self.targets: tuple[Target, ...] = ()
        """Of the same batch."""
        self._rows: list[SummaryRow] = []
        self._number = 0
        self._what = ""
        self._tiles = 0
        self._meter = BatchMeter()
        self._jobs = SlotRunner(session.jobs, "batch", self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether a batch is under way, also while it is being cancelled."""
        return self._jobs.busy

    def start(self, request: BatchRequest) -> None:
        """Begin a batch. Not while another one is under way.

        Raises
        ------
        JobBusyError
            If another job has the model.
        """
        self._jobs.start(partial(run_batch, request, self._session.model))
        self.request, self.targets, self._rows = request, (), []

    def cancel(self) -> None:
        """Ask the batch to stop; `ended` follows within one batch of tiles."""
        self._jobs.cancel()

    def _on_event(self, event: Any) -> None:
        match event:
            case Planned(targets=targets):
                self._plan(targets)
            case FileStarted(number=number, target=target):
                self._number, self._what = number, target.name
                self._meter.start_file()
                self._report()
            case PageStarted(page=page, pages=pages):
                self._meter.start_page(page, pages)
                name = self.targets[self._number].name
                of = f", page {page + 1} of {pages}" if pages > 1 else ""
                self._what = f"{name}{of}"
                self._report()
            case TilesPlanned(total=total):
                self._tiles = total
            case TileDone(done=done):
                self._meter.finish_tiles(done, self._tiles)
                self._report()
            case FileEnded(number=number, row=row):
                self._end(number, row)
            case _:
                self._say(event)

    def _say(self, event: Any) -> None:
        match event:
            case Degraded(reason=reason, action=action):
                self.doubted.emit(f"{self._what}: {reason}: {action}.")
            case SummaryNotWritten(error=error, table=table):
                self.doubted.emit(f"The {table} is not up to date. {error}")

    def _plan(self, targets: tuple[Target, ...]) -> None:
        self.targets = targets
        self._rows = [SummaryRow.waiting(target) for target in targets]
        self._meter.plan(len(targets))
        self._what = "Loading the model"
        self.planned.emit(tuple(self._rows))
        self.progressed.emit(self._meter.now(), self._what)

    def _end(self, number: int, row: SummaryRow) -> None:
        self._rows[number] = row
        self._meter.end_file(worked=row.status == "done")
        self.row_ended.emit(number, row)
        self.progressed.emit(self._meter.now(), "")

    def _report(self) -> None:
        progress = self._meter.now()
        self.worked.emit(self._number, progress.fraction)
        self.progressed.emit(progress, self._what)

    def _on_ended(self, error: BaseException | None) -> None:
        assert self.request is not None
        finished = all(row.status != "not done" for row in self._rows)
        cancelled = self._jobs.cancelled and not (finished and self._rows)
        self.ended.emit(BatchEnd(self.request, tuple(self._rows), error, cancelled))
