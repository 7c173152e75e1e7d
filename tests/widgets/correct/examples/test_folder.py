"""Where examples are kept, and folders of pairs that are imported."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QFileDialog
from tests.conftest import PATIENCE
from tests.widgets.drivers.examples_driver import ExamplesDriver, ramp, squares

from dinocell_training.corrections import folder as store
from dinocell_training.corrections.folder import Corrections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    return ExamplesDriver(make_viewer_model_proxy(), qtbot)


def test_examples_are_in_the_users_data_folder(
    driver: ExamplesDriver, tmp_path: Path
) -> None:
    assert driver.folder == tmp_path / "home" / "corrections"


def test_another_folder_is_remembered(
    driver: ExamplesDriver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_dinocell.session.training.corrections_folder import chosen_folder

    default = driver.folder
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "mine")
    )
    changes = []
    driver.examples.changed.connect(lambda: changes.append(driver.folder))
    choose, back = driver.section.folder.menu().actions()
    assert not back.isEnabled()
    choose.trigger()
    assert driver.folder == chosen_folder() == tmp_path / "mine"
    assert changes == [tmp_path / "mine"]
    driver.show(squares(), ramp())
    driver.accept("plane")
    assert len(Corrections(tmp_path / "mine").examples()) == 1
    back.trigger()
    assert driver.folder == chosen_folder() == default
    assert driver.list.names() == []


def test_a_dialog_that_is_cancelled_changes_nothing(
    driver: ExamplesDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    former = driver.folder
    driver.section.folder.menu().actions()[0].trigger()
    driver.section.bring.click()
    assert driver.folder == former
    assert not driver.examples.jobs.busy


def pairs(folder: Path, *, bad: tuple[int, ...] = (), count: int = 5) -> Path:
    """Images with labels, of which some have another size."""
    folder.mkdir()
    for number in range(count):
        labels = squares()[: 30 if number in bad else None]
        tifffile.imwrite(folder / f"i{number}.tif", ramp())
        tifffile.imwrite(folder / f"i{number}_masks.tif", labels.astype(np.uint16))
    return folder


def test_a_folder_of_pairs_is_imported(driver: ExamplesDriver, tmp_path: Path) -> None:
    driver.examples.import_folder(pairs(tmp_path / "pairs"))
    assert driver.section.bring.text() == "Cancel"
    driver.at_rest()
    assert driver.section.bring.text() == "Import…"
    assert f"Imported 5 of 5 pairs from {tmp_path / 'pairs'}." in driver.said
    assert driver.list.count() == 5


def test_pairs_that_fail_are_reported_with_the_reason(
    driver: ExamplesDriver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = (0, 1, 2, 4)
    driver.examples.import_folder(pairs(tmp_path / "pairs", bad=bad))
    driver.at_rest()
    assert "Imported 1 of 5 pairs" in driver.said
    assert "4 failed" in driver.said
    assert "i0.tif: " in driver.said
    assert "(30, 80)" in driver.said
    assert "i4.tif" not in driver.said
    assert "The log names the other 1." in driver.said
    assert "i4.tif" in caplog.text
    assert driver.list.count() == 1


def test_a_folder_without_pairs_is_said(driver: ExamplesDriver, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    driver.examples.import_folder(tmp_path / "none")
    driver.at_rest()
    assert "Found no image with labels" in driver.said
    assert driver.section.bring.isEnabled()


def test_an_import_that_is_cancelled_keeps_what_it_has(
    driver: ExamplesDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held before the third pair, until Cancel was pressed."""
    third_begun, go_on = threading.Event(), threading.Event()
    add_one, calls = store.Corrections.add, []

    def held(self: Corrections, *args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            third_begun.set()
            assert go_on.wait(PATIENCE)
        return add_one(self, *args, **more)

    monkeypatch.setattr(store.Corrections, "add", held)
    driver.examples.import_folder(pairs(tmp_path / "pairs"))
    driver.qtbot.waitUntil(third_begun.is_set)
    driver.section.bring.click()
    go_on.set()
    driver.at_rest()
    assert len(driver.kept()) == 3
    assert driver.list.count() == 3
    assert "Imported 3 of 5 pairs" in driver.said
    assert "not looked at" in driver.said
    assert driver.section.bring.text() == "Import…"
