"""Engine jobs in a worker thread, one at a time; knows neither layers nor widgets.

An engine job is a generator of events. It must be closed in the thread that runs it,
so that memory is freed there, and its errors must reach the GUI thread, RuntimeError
included: the stock generator worker does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeAlias

from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal
from superqt.utils import WorkerBase

MakeEvents: TypeAlias = Callable[[Callable[[], bool]], Generator[Any, None, None]]
"""Makes a job from a function that says whether it was cancelled."""


class EngineSignals(QObject):
    """What a worker says, always in the thread that made it."""

    started = Signal()
    finished = Signal()
    _finished = Signal(object)
    returned = Signal(object)
    errored = Signal(object)
    warned = Signal(tuple)
    yielded = Signal(object)


class EngineWorker(WorkerBase):
    """Runs one job to its end, its error or its cancellation.

    Parameters
    ----------
    make_events
        The job.
    owner
        Cancelled with it: closing napari's window deletes docks without a word to them.
    """

    def __init__(self, make_events: MakeEvents, owner: QObject) -> None:
        super().__init__(SignalsClass=EngineSignals)
        self._make_events = make_events
        self._owner = owner

    def work(self) -> None:
        """Pass the events of the job on, until `quit` was called."""
        with closing(self._make_events(self._is_unwanted)) as events:
            for event in events:
                if self._is_unwanted():
                    break
                self.yielded.emit(event)

    def _is_unwanted(self) -> bool:
        return self.abort_requested or not isalive(self._owner)


class JobRunner(QObject):
    """Owns the worker of the present job, and starts the next one after it.

    `yielded` never carries an event of a job that was cancelled or replaced. A job is
    cancelled when its runner goes, for example with the window that it belongs to.
    """

    yielded = Signal(object)
    """What the present job yielded."""
    ended = Signal(object)
    """The present job is over: None if it was done or cancelled, else its error."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: EngineWorker | None = None
        self._waiting: MakeEvents | None = None
        self._cancelled = False
        self._error: BaseException | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs, is being cancelled, or waits."""
        return self._worker is not None

    @property
    def cancelling(self) -> bool:
        """Whether the present job was asked to stop and has not yet."""
        return self._worker is not None and self._worker.abort_requested

    @property
    def cancelled(self) -> bool:
        """Whether the present job, or the last one, was cancelled."""
        return self._cancelled

    def start(self, make_events: MakeEvents) -> None:
        """Run a job; one that is running is cancelled first, one that waits dropped."""
        if self._worker is not None:
            self._waiting = make_events
            self._worker.quit()
            return
        self._error, self._cancelled = None, False
        worker = self._worker = EngineWorker(make_events, self)
        worker.yielded.connect(self._on_yielded)
        worker.errored.connect(self._on_errored)
        worker.finished.connect(self._on_finished)
        worker.start()

    def cancel(self) -> None:
        """Ask the present job to stop, within one batch; `ended` follows."""
        self._waiting = None
        if self._worker is not None:
            self._cancelled = True
            self._worker.quit()

    def _on_yielded(self, event: object) -> None:
        if self._worker is not None and not self._worker.abort_requested:
            self.yielded.emit(event)

    def _on_errored(self, error: BaseException) -> None:
        self._error = error

    def _on_finished(self) -> None:
        self._worker = None
        waiting, self._waiting = self._waiting, None
        self.ended.emit(self._error)
        if waiting is not None and self._worker is None:
            self.start(waiting)
