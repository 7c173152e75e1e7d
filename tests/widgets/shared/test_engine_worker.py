"""Jobs in a worker: every error arrives, nothing of an old job does."""

import math
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QWidget
from tests.widgets.drivers.model_files import wait_for_workers

from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.widgets.shared.engine_worker import JobRunner


class Recorder:
    """What a runner said."""

    def __init__(self, runner: JobRunner) -> None:
        self.events: list[Any] = []
        self.ends: list[Any] = []
        runner.yielded.connect(self.events.append)
        runner.ended.connect(self.ends.append)


@pytest.fixture
def runner(qtbot: QtBot) -> JobRunner:
    return JobRunner()


def counting(count: float, name: str = "") -> Any:
    """A job of so many events, which may be without end."""

    def make_events(cancel: Callable[[], bool]) -> Generator[str, None, None]:
        number = 0
        while number < count and not cancel():
            yield f"{name}{number}"
            number += 1
            time.sleep(0.001)  # the other thread shall have its turn

    return make_events


def test_events_arrive_in_order_and_then_the_end(
    runner: JobRunner, qtbot: QtBot
) -> None:
    seen = Recorder(runner)
    runner.start(counting(50))
    assert runner.busy
    qtbot.waitUntil(lambda: bool(seen.ends))
    assert seen.events == [str(n) for n in range(50)]
    assert seen.ends == [None]
    assert not runner.busy


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error"),
        PredictionError("no room"),
        ValueError("odd"),
        MemoryError(),
        StopAsyncIteration(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_kind_of_error_reaches_the_gui_thread(
    runner: JobRunner, qtbot: QtBot, error: Exception
) -> None:
    def make_events(cancel: Callable[[], bool]) -> Generator[int, None, None]:
        yield 1
        raise error

    seen = Recorder(runner)
    runner.start(make_events)
    qtbot.waitUntil(lambda: bool(seen.ends))
    assert seen.ends == [error]
    assert not runner.busy


def test_an_error_before_the_first_event_arrives_too(
    runner: JobRunner, qtbot: QtBot
) -> None:
    def make_events(cancel: Callable[[], bool]) -> Generator[int, None, None]:
        raise RuntimeError("import failed")

    seen = Recorder(runner)
    runner.start(make_events)
    qtbot.waitUntil(lambda: bool(seen.ends))
    assert isinstance(seen.ends[0], RuntimeError)


def test_cancel_ends_the_job_in_its_own_thread(runner: JobRunner, qtbot: QtBot) -> None:
    threads: list[Any] = []

    def make_events(cancel: Callable[[], bool]) -> Generator[int, None, None]:
        try:
            while True:
                time.sleep(0.001)
                yield 0
        finally:
            threads.append(threading.current_thread())

    seen = Recorder(runner)
    runner.start(make_events)
    qtbot.waitUntil(lambda: len(seen.events) > 3)
    runner.cancel()
    count = len(seen.events)
    assert runner.cancelling
    qtbot.waitUntil(lambda: bool(seen.ends))
    assert seen.ends == [None]
    assert len(seen.events) == count
    assert threads[0] is not threading.main_thread()


def test_a_new_job_replaces_the_old_one_and_waits_for_its_end(
    runner: JobRunner, qtbot: QtBot
) -> None:
    seen = Recorder(runner)
    runner.start(counting(math.inf, "old "))
    qtbot.waitUntil(lambda: len(seen.events) > 2)
    runner.start(counting(3, "dropped "))
    runner.start(counting(3, "new "))
    qtbot.waitUntil(lambda: len(seen.ends) == 2)
    assert [e for e in seen.events if not e.startswith("old")] == [
        "new 0",
        "new 1",
        "new 2",
    ]
    assert seen.ends == [None, None]


def test_many_jobs_leave_no_threads(runner: JobRunner, qtbot: QtBot) -> None:
    seen = Recorder(runner)
    before = threading.active_count()
    for number in range(1, 101):
        runner.start(counting(math.inf))
        runner.cancel()
        qtbot.waitUntil(lambda number=number: len(seen.ends) == number)
    assert threading.active_count() <= before + 1


def test_a_job_does_not_outlive_its_window(qtbot: QtBot) -> None:
    """Closing napari's window deletes docks without a word to them."""
    closed = []

    def make_events(_: Callable[[], bool]) -> Generator[int, None, None]:
        try:
            while True:
                time.sleep(0.002)
                yield 0
        finally:
            closed.append(True)

    window = QWidget()
    runner = JobRunner(window)
    started = Recorder(runner)
    runner.start(make_events)
    qtbot.waitUntil(lambda: bool(started.events))
    window.deleteLater()
    qtbot.waitUntil(lambda: bool(closed))
    wait_for_workers(qtbot)
