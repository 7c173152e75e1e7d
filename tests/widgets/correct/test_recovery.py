"""Corrections outlive the program: saved as they are made, offered afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conftest import PATIENCE
from tests.widgets.drivers.correct_driver import CorrectDriver

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.session.recovery_file import (
    Corrected,
    read_corrections,
    write_corrections,
)
from napari_dinocell.session.recovery_folder import (
    find_corrections,
    recovery_folder,
    recovery_path,
)
from napari_dinocell.widgets.correct import autosave as _correct_autosave

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

VICTIM = """
import sys
import numpy as np
from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.session.recovery_file import Corrected, write_corrections
from napari_dinocell.session.recovery_folder import recovery_path

labels = np.zeros((2, 300, 400), np.int32)
locks = StackLocks(labels.shape)
about = Corrected(name="movie labels", shape=labels.shape, dtype="int32",
                  placement={"scale": [1.0, 0.5, 0.5], "translate": [0.0, 3.0, 4.0]})
labels[1, 10:20, 30:40] = 5
labels[1, 30:40, 30:40] = 9
locks.plane((1,)).lock(labels[1], [5])
path = recovery_path("victim")
write_corrections(path, about, labels, locks, [(1,)])
print("written", flush=True)
rng = np.random.default_rng(0)
while True:  # killed at any moment of this
    labels[0] = rng.integers(0, 1000, labels[0].shape)
    write_corrections(path, about, labels, locks, [(0,), (1,)])
"""


WINDOW = """
import sys
import numpy as np
import napari
from qtpy.QtWidgets import QApplication
from napari_dinocell.widgets.correct import autosave as _correct_autosave
from napari_dinocell.session.recovery_folder import recovery_folder

_correct_autosave.REST_MS = 20
cells = np.diag(np.array([3, 1, 2], np.int32))
while True:
    viewer = napari.Viewer(show=False)
    viewer.add_labels(np.kron(cells, np.ones((9, 9), np.int32)), name="cells")
    _, dock = viewer.window.add_plugin_dock_widget("napari-dinocell", "Correct")
    heavy = {"torch", "pyqtgraph"} & set(sys.modules)
    dock.controller.session.draw("split", [(-1, 4), (10, 4)])
    while dock.autosave.pending or not list(recovery_folder().glob("*.zip")):
        QApplication.processEvents()
    print("written", *heavy, flush=True)
    if sys.stdin.readline().strip() == "exit":
        break
    viewer.close()
    print("left", *recovery_folder().iterdir(), flush=True)
"""


def run_window(ending: str, *, closed: int = 0) -> None:
    """Correct in a window of another program, which then ends in some way.

    So many windows are closed before that, which must leave nothing.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", WINDOW],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdin is not None
        # opening the dock imports nothing that takes seconds
        assert child.stdout.readline().split() == ["written"]
        for _ in range(closed):
            child.stdin.write("close\n")
            child.stdin.flush()
            assert child.stdout.readline().split() == ["left"]
            assert child.stdout.readline().split() == ["written"]
        if ending == "kill":
            child.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        else:
            child.stdin.write(f"{ending}\n")
            child.stdin.flush()
        child.wait(PATIENCE)


def test_a_program_that_ends_leaves_nothing(qapp: Any) -> None:
    """Whether its windows were closed or not."""
    run_window("exit", closed=1)
    assert list(recovery_folder().iterdir()) == []


def test_a_killed_window_is_recovered(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """All of it: the part that was split off, and that it is kept."""
    run_window("kill")
    driver = CorrectDriver(make_viewer_model_proxy(), qtbot)
    assert "Recover corrections of cells" in driver.sections.recovery.offered()
    driver.sections.recovery.restore.click()
    assert set(np.unique(driver.labels[:9, :9]).tolist()) == {3, 4}
    assert driver.kept == {3, 4}
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)


def kill_while_it_saves(home: Path) -> None:
    environment = {**os.environ, "DINOCELL_HOME": str(home)}
    child = subprocess.Popen(
        [sys.executable, "-c", VICTIM],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "written"
        time.sleep(0.3)
        assert find_corrections() == []  # it still runs
        child.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    assert child.returncode != 0


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a program has left that was killed; one is enough for the file."""
    home = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DINOCELL_HOME", str(home))
        kill_while_it_saves(home)
    return home


@pytest.fixture
def left_behind(killed: Path) -> None:
    shutil.copytree(killed, os.environ["DINOCELL_HOME"], dirs_exist_ok=True)


def test_a_killed_program_leaves_a_whole_file(left_behind: None) -> None:
    (found,) = find_corrections()
    assert (found.name, found.shape) == ("movie labels", (2, 300, 400))
    assert found.path is not None
    planes, locks = read_corrections(found.path)
    assert planes[(1,)][15, 35] == 5
    assert planes[(1,)][35, 35] == 9
    assert locks.plane((1,)).locked == {5}
    assert np.count_nonzero(locks.plane((1,)).mask) == 100


def test_the_dock_recovers_what_was_left(
    left_behind: None, make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """As a layer of its own where the image is not open, placed as it was."""
    viewer = make_viewer_model_proxy()
    driver = CorrectDriver(viewer, qtbot)
    section = driver.sections.recovery
    assert "movie labels" in section.offered()
    section.restore.click()
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
    layer = viewer.layers["movie labels"]
    assert layer.data[1, 15, 35] == 5
    np.testing.assert_array_equal(layer.scale, (1, 0.5, 0.5))
    viewer.dims.set_current_step(0, 1)
    assert driver.locked == {5}
    assert section.offered() == ""
    assert [path.name for path in recovery_folder().glob("*.zip")] == [
        recovery_path(str(layer.unique_id)).name
    ]
    driver.dock.close_controllers()
    assert list(recovery_folder().iterdir()) == []


def test_corrections_go_back_into_the_layer_they_come_from(
    left_behind: None, make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    viewer = make_viewer_model_proxy()
    data = np.zeros((2, 300, 400), np.int32)
    viewer.add_labels(data, name="movie labels")
    driver = CorrectDriver(viewer, qtbot)
    driver.sections.recovery.restore.click()
    assert data[1, 15, 35] == 5
    assert len(viewer.layers) == 1
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)


def test_discarding_deletes(
    left_behind: None, make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    driver = CorrectDriver(make_viewer_model_proxy(), qtbot)
    driver.sections.recovery.discard.click()
    assert driver.sections.recovery.offered() == ""
    assert list(recovery_folder().iterdir()) == []


def test_changes_are_saved_soon_and_dropped_at_a_clean_end(
    make_viewer_model_proxy: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_correct_autosave, "REST_MS", 50)
    viewer = make_viewer_model_proxy()
    labels = np.zeros((60, 60), np.int32)
    labels[10:30, 10:30] = 1
    labels[40:50, 40:50] = 2
    viewer.add_labels(labels, name="cells")
    driver = CorrectDriver(viewer, qtbot)
    driver.session.click("delete", 1)
    path = recovery_path(str(driver.layer.unique_id))
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
    planes, locks = read_corrections(path)
    np.testing.assert_array_equal(planes[()], driver.labels)
    assert locks.plane(()).mask[10:30, 10:30].all()
    driver.session.step("undo")
    qtbot.waitUntil(lambda: read_corrections(path)[0][()].max() == 2)
    qtbot.waitUntil(lambda: 1 in read_corrections(path)[0][()])
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
    driver.dock.close_controllers()
    assert not path.exists()


def test_damaged_files_are_left_alone() -> None:
    """They are not offered, and reading one says what it is."""
    folder = recovery_folder()
    folder.mkdir(parents=True)
    bad = folder / "1-bad.zip"
    bad.write_bytes(b"no zip")
    assert find_corrections() == []
    with pytest.raises(ImageFileError, match="saved corrections"):
        read_corrections(bad)
    assert bad.exists()


def test_ids_of_any_width_come_back(tmp_path: Path) -> None:
    labels = np.full((7, 9), 2**40, np.int64)
    about = Corrected(name="wide", shape=labels.shape, dtype="int64")
    path = tmp_path / "wide.zip"
    write_corrections(path, about, labels, StackLocks(labels.shape), [()])
    np.testing.assert_array_equal(read_corrections(path)[0][()], labels)
