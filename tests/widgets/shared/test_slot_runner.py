"""A job in a worker has the slot from the first moment to its very end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QCoreApplication, QEvent, QObject

from napari_dinocell.engine.errors import JobBusyError
from napari_dinocell.session.job_slot import JobSlot
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot


class Stage:
    """A slot, a runner, and a job that waits for its cue."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.slot = JobSlot()
        self.owner = QObject()
        self.runner = SlotRunner(self.slot, "batch", self.owner)
        self.cue = threading.Event()
        self.closed = threading.Event()

    def job(self, cancel: Callable[[], bool]) -> Any:
        try:
            yield "begun"
            while not (self.cue.wait(0.002) or cancel()):
                pass
            yield "done"
        finally:
            self.closed.set()

    def start(self) -> None:
        with self.qtbot.waitSignal(self.runner.yielded):
            self.runner.start(self.job)

    def wait_for_end(self) -> None:
        self.qtbot.waitUntil(lambda: not self.runner.busy)


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    stage = Stage(qtbot)
    yield stage
    stage.cue.set()


def test_the_slot_is_taken_at_once_and_free_in_the_end(stage: Stage) -> None:
    stage.start()
    assert stage.slot.problem()
    stage.cue.set()
    stage.wait_for_end()
    assert stage.slot.job is None
    assert not stage.runner.cancelled


def test_a_job_that_is_refused_does_not_begin(stage: Stage) -> None:
    other = stage.slot.take("segment")
    with pytest.raises(JobBusyError):
        stage.runner.start(stage.job)
    assert not stage.runner.busy
    assert stage.slot.job is other


def test_a_cancelled_job_has_the_slot_until_it_has_stopped(stage: Stage) -> None:
    stage.start()
    stage.runner.cancel()
    assert stage.runner.cancelled
    assert stage.slot.job is None or stage.slot.job.cancelling
    stage.wait_for_end()
    assert stage.closed.is_set()
    assert stage.slot.job is None
    assert stage.runner.cancelled


def test_whoever_knows_the_job_can_cancel_it(stage: Stage) -> None:
    stage.start()
    assert stage.slot.job is not None
    stage.slot.job.cancel()
    stage.wait_for_end()
    assert stage.runner.cancelled


def test_the_slot_is_freed_though_the_runner_is_gone(stage: Stage) -> None:
    stage.start()
    stage.owner.deleteLater()
    QCoreApplication.sendPostedEvents(stage.owner, QEvent.Type.DeferredDelete)
    stage.qtbot.waitUntil(lambda: stage.slot.job is None)
    assert stage.closed.is_set()
