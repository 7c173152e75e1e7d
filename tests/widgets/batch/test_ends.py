"""The Batch dock goes while it works, and comes to many ends."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.widgets.drivers.batch_driver import BatchDriver, write_images
from tests.widgets.drivers.fakes import spots

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    write_images(tmp_path / "images", "a.tif", "b_bad.tif", "c.tif")
    return tmp_path / "images"


@pytest.fixture
def driver(
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> BatchDriver:
    return BatchDriver(make_viewer_model(), qtbot)


def test_viewer_closed_while_running(
    lend_viewer: Callable[..., Any], qtbot: QtBot, images: Path
) -> None:
    driver = BatchDriver(lend_viewer(), qtbot)
    driver.choose_folder(images)
    driver.fake.hold_at = 1
    driver.press()
    driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 1)
    driver.viewer.close()
    driver.qtbot.waitUntil(lambda: driver.fake.closed == 1)
    driver.qtbot.waitUntil(lambda: not driver.holder.loaded)
    left = [path.name for path in (images / "dinocell").iterdir()]
    assert left == ["dinocell_summary.csv"]


def test_dock_removed_while_running(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    driver.fake.hold_at = 1
    driver.press()
    driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 1)
    driver.viewer.window.remove_dock_widget(driver.dock)
    driver.qtbot.waitUntil(lambda: driver.fake.closed == 1)
    driver.viewer.add_image(spots((32, 32), [(9, 9)]))
    driver.dock.deleteLater()


def test_thirty_starts_and_cancels_leave_nothing(
    driver: BatchDriver, images: Path
) -> None:
    driver.choose_folder(images)
    driver.sections.output._resume.setChecked(False)
    threads = []
    for number in range(30):
        driver.press()
        if number % 2:
            driver.press()
        driver.wait_for_end()
        if number % 10 == 9:
            gc.collect()
            threads.append(threading.active_count())
    assert driver.fake.closed == len(driver.fake.runs)
    assert threads[-1] <= threads[0]
    left = [p.name for p in (images / "dinocell").iterdir() if p.name.startswith(".")]
    assert left == []
