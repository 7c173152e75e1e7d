"""What every test gets: no network, no user folders, few threads, no leftovers."""

from __future__ import annotations

import gc
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Read when torch and huggingface_hub are imported, hence set before any of that.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# napari's own settings: neither the user's nor written; one of them costs a dump of all
os.environ["NAPARI_CONFIG"] = ""
# processes beside each other share the cores (make test starts two)
os.environ.setdefault(
    "OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"
)

# How long an example takes depends on the machine. New examples are looked for by
# scripts/fuzz.py, when somebody sits by.
settings.register_profile("dinocell", deadline=None, derandomize=True)
settings.load_profile("dinocell")

REPOSITORY = Path(__file__).resolve().parents[1]
PATIENCE = 240
"""Seconds after which a test gives up: only what never happens takes so long. A minute
is too short, disks of crowded machines have stood still for longer."""

WINDOW_FIXTURES = {"make_napari_viewer", "make_napari_viewer_proxy", "qapp", "qtbot"}


def has_display() -> bool:
    """Whether Qt can open a window; pytest-xvfb sets DISPLAY where Xvfb exists."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# What is imported stays: looking through it for cycles takes 5 % of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on only what tests make is looked through."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)  # after pytest-xvfb
def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "numprocesses", None):
        return  # the processes it starts have displays of their own, and inherit this
    if sys.platform.startswith("linux"):
        # xcb keeps windows off the desktop of a Wayland session; without any display
        # Qt would end the whole process, unless told to draw nothing.
        platform = "xcb" if os.environ.get("DISPLAY") else "offscreen"
        os.environ.setdefault("QT_QPA_PLATFORM", platform)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if has_display():
        return
    skip = pytest.mark.skip(
        reason="needs a window: install Xvfb (scripts/system_packages.sh test)"
    )
    for item in items:
        if WINDOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def dinocell_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder in place of the user's models and settings."""
    home = tmp_path_factory.mktemp("dinocell_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DINOCELL_HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def one_command_line() -> Iterator[None]:
    """Typer makes the commands of their functions once, not for each that is run."""
    import typer.main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real images that lies beside the checkout on some machines."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real images, and {folder} does not exist")
    return folder


@pytest.fixture(autouse=True)
def no_worker_left() -> Iterator[None]:
    """Wait for workers on their way to the end; fail a test whose workers never end."""
    yield
    if "superqt.utils" not in sys.modules:  # the test knows no Qt
        return
    from qtpy.QtCore import QCoreApplication, QThreadPool
    from superqt.utils import WorkerBase

    pool = QThreadPool.globalInstance()
    assert pool is not None
    give_up = time.monotonic() + PATIENCE
    while WorkerBase._worker_set or pool.activeThreadCount():
        QCoreApplication.processEvents()  # a worker's end is told by an event
        if time.monotonic() > give_up:
            break
        pool.waitForDone(5)
    workers, threads = list(WorkerBase._worker_set), pool.activeThreadCount()
    if not workers and not threads:
        return
    for worker in workers:
        worker.quit()
    stopped = pool.waitForDone(5000)
    WorkerBase._worker_set.clear()
    pytest.fail(
        f"{len(workers)} worker(s) and {threads} pool thread(s) were left running; "
        f"stopped now: {stopped}"
    )
