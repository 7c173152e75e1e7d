"""Nothing that a widget started may outlive its test."""

from __future__ import annotations

import gc
import threading
from functools import partialmethod
from typing import TYPE_CHECKING

import pytest
from napari import plugins
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QCoreApplication, QEvent, QObject, QTimer
from qtpy.QtWidgets import QApplication
from tests.conftest import PATIENCE
from tests.widgets.drivers import lent_viewer, viewer_model

from napari_dinocell.widgets.layers import watch
from napari_dinocell.widgets.measure import view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = "napari_dinocell"


window_of_the_file = lent_viewer.window_of_the_file
lend_viewer = lent_viewer.lend_viewer
lend_viewer_proxy = lent_viewer.lend_viewer_proxy
make_viewer_model = viewer_model.make_viewer_model
make_viewer_model_proxy = viewer_model.make_viewer_model_proxy


class PatientBot(QtBot):
    """Waits longer than a busy machine needs: no test tells how long it may take."""

    waitUntil = partialmethod(QtBot.waitUntil, timeout=PATIENCE * 1000)
    waitSignal = partialmethod(QtBot.waitSignal, timeout=PATIENCE * 1000)
    waitSignals = partialmethod(QtBot.waitSignals, timeout=PATIENCE * 1000)
    waitExposed = partialmethod(QtBot.waitExposed, timeout=PATIENCE * 1000)
    waitActive = partialmethod(QtBot.waitActive, timeout=PATIENCE * 1000)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(autouse=True, scope="session")
def plugins_are_found_once() -> Iterator[None]:
    """napari's viewer fixture has every viewer read all manifests: 5 % of the time."""
    find_plugins = plugins._initialize_plugins

    def find_once() -> None:
        find_plugins()

    find_once.cache_clear = lambda: None  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "_initialize_plugins", find_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def short_rests() -> Iterator[None]:
    """Users rest before all layers are looked at again; tests would only wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "REST_MS", 10)
        patch.setattr(view, "REST_MS", 10)
        patch.setattr(view, "SOON_MS", 10)
        yield


@pytest.fixture(autouse=True)
def little_to_collect() -> None:
    """Leak checks look at what came since: with all of napari it takes seconds."""
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docks start with the defaults, not with what another test has set."""
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def nothing_left_behind(
    request: pytest.FixtureRequest, no_worker_left: None
) -> Iterator[None]:
    """Fail a test that leaves threads, running timers or windows of ours.

    Workers are watched for all tests, by `no_worker_left`.
    """
    threads = set(threading.enumerate())
    yield
    if "qtbot" not in request.fixturenames:
        return  # looking at all objects for timers takes a while
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    windows = [w for w in QApplication.topLevelWidgets() if _is_ours(w)]
    timers = [t for t in _running_timers() if _is_ours(t.parent())]
    started = set(threading.enumerate()) - threads
    left = [t for t in started if _matters(t)]
    for window in windows:
        window.deleteLater()
    assert not windows, f"windows were left: {windows}"
    assert not timers, f"timers of {[t.parent() for t in timers]} were left running"
    assert not left, f"threads were left: {left}"


def _matters(thread: threading.Thread) -> bool:
    """Not Qt's own threads, nor those that dask and zarr keep for the whole program."""
    is_pool = thread.name.startswith(("ThreadPoolExecutor", "asyncio"))
    is_foreign = isinstance(thread, threading._DummyThread) or thread.daemon
    return not (is_pool or is_foreign)


def _is_ours(thing: QObject | None) -> bool:
    return type(thing).__module__.startswith(OURS)


def _running_timers() -> list[QTimer]:
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer)]
    return [timer for timer in found if _is_active(timer)]


def _is_active(timer: QTimer) -> bool:
    try:
        return bool(timer.isActive())
    except RuntimeError:  # its C++ half is gone already
        return False
