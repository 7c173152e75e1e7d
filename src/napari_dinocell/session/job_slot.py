"""One job at a time uses the model of a viewer, or the memory that a training takes.

Whoever segments, measures, runs a batch or trains takes the slot first. It is given
back in the thread that has done the work, at its very end: no second job can meet a
model that another one uses, unloads or swaps.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from psygnal import Signal

from napari_dinocell.engine.errors import JobBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

JobKind: TypeAlias = Literal["segment", "estimate", "batch", "fine-tune", "unload"]

AT_WORK: dict[JobKind, str] = {
    "segment": "The Segment dock is at work: it segments an image. Wait until it is "
    "done, or cancel it there.",
    "estimate": "The Segment dock is at work: it measures cells. Wait until it is "
    "done, or cancel it there.",
    "batch": "A batch is running and has the model. Wait until it is done, or cancel "
    "it in the Batch dock.",
    "fine-tune": "A model is being trained, which takes all memory. Wait until it is "
    "done, or stop it in the Correct & train dock.",
    "unload": "The model is being unloaded. Try again.",
}
"""Which job is at work, and what the user can do about it."""


class Job:
    """What has the slot, until it is released."""

    def __init__(
        self, slot: JobSlot, kind: JobKind, cancel: Callable[[], None]
    ) -> None:
        self.kind = kind
        self.cancelling = False
        """Whether it was asked to stop; stays True when it has."""
        self._slot = slot
        self._cancel = cancel

    def cancel(self) -> None:
        """Ask the job to stop; it has the slot until it does."""
        if not self.cancelling:
            self.cancelling = True
            self._slot.changed.emit()
        self._cancel()

    def release(self) -> None:
        """Give the slot back, from any thread; a second time does nothing."""
        self._slot._release(self)

    def run(
        self, make_events: Callable[[], Iterator[Any]]
    ) -> Generator[Any, None, None]:
        """Yield the events of the job, and release the slot after them.

        It is released in the thread that iterates, also if it fails or stops early.
        """
        try:
            yield from make_events()
        finally:
            self.release()


class JobSlot:
    """Knows which job is at work. Any thread may ask."""

    changed = Signal()
    """A job has begun, was asked to stop, or is over; said in that job's thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._job: Job | None = None

    @property
    def job(self) -> Job | None:
        """The job at work, also while it is being cancelled."""
        return self._job

    def problem(self) -> str:
        """Why no job can begin now, in plain words; "" if one can."""
        job = self._job
        return "" if job is None else AT_WORK[job.kind]

    def take(self, kind: JobKind, cancel: Callable[[], None] = lambda: None) -> Job:
        """Begin a job.

        Parameters
        ----------
        kind
            Of the job.
        cancel
            Asks it to stop; must return at once.

        Raises
        ------
        JobBusyError
            If another job is at work.
        """
        job = Job(self, kind, cancel)
        with self._lock:
            if self._job is not None:
                raise JobBusyError(AT_WORK[self._job.kind])
            self._job = job
        self.changed.emit()
        return job

    @contextmanager
    def taken(self, kind: JobKind) -> Iterator[Job]:
        """Have the slot for a moment, on this thread.

        Raises
        ------
        JobBusyError
            If another job is at work.
        """
        job = self.take(kind)
        try:
            yield job
        finally:
            job.release()

    def _release(self, job: Job) -> None:
        with self._lock:
            if self._job is not job:
                return
            self._job = None
        self.changed.emit()
