"""The Batch dock from a folder to labels on disk, with a model without a network."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from tests.widgets.drivers.batch_driver import BatchDriver, write_images

from napari_dinocell.engine.errors import CheckpointNotFoundError, PredictionError
from napari_dinocell.engine.results.provenance import read_provenance
from napari_dinocell.widgets.batch.dock import BatchDock

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


def table(folder: Path) -> list[dict[str, str]]:
    path = folder / "dinocell_summary.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_runs_before_images_are_chosen(
    driver: BatchDriver, images: Path
) -> None:
    assert driver.hint == "Choose a folder of images."
    assert not driver.sections.run._button.isEnabled()
    driver.choose_folder(images)
    assert driver.hint == ""
    assert driver.sections.run._button.isEnabled()
    driver.at_rest()
    assert driver.sections.images._count.message() == "3 images"


def test_folder_to_labels_with_a_bad_file_in_the_middle(
    driver: BatchDriver, images: Path
) -> None:
    driver.choose_folder(images)
    driver.run()
    assert driver.statuses == ["done", "failed", "done"]
    assert [row.cells for row in driver.rows] == [4, None, 4]
    out = images / "dinocell"
    assert sorted(path.name for path in out.iterdir()) == [
        "a_labels.json", "a_labels.tif", "c_labels.json", "c_labels.tif",
        "dinocell_summary.csv",
    ]  # fmt: skip
    assert [row["status"] for row in table(out)] == driver.statuses
    assert "2 done, 1 failed" in driver.message
    assert driver.sections.run._table.currentIndex().row() == 1
    assert "cannot be read as TIFF" in driver.sections.run._remark.message()
    assert driver.sections.run.folder.isEnabled()
    assert not driver.holder.loaded


def test_pattern_chooses_files(driver: BatchDriver, tmp_path: Path) -> None:
    write_images(tmp_path / "a [1]", "day1_a.tif", "day2_a.tif")
    driver.choose_folder(tmp_path / "a [1]")
    driver.sections.images._pattern.setText("day2*.tif")
    driver.run()
    assert [row.file for row in driver.rows] == ["day2_a.tif"]


def test_folder_without_images_is_said(driver: BatchDriver, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    driver.choose_folder(tmp_path / "empty")
    driver.at_rest()
    assert "No image in" in driver.sections.images._count.message()
    driver.run()
    assert "No image in" in driver.message
    assert driver.rows == []


def test_all_bad_files_are_listed(driver: BatchDriver, tmp_path: Path) -> None:
    write_images(tmp_path / "images", "bad1.tif", "bad2.tif")
    driver.choose_folder(tmp_path / "images")
    driver.run()
    assert driver.statuses == ["failed", "failed"]
    assert "2 failed" in driver.message


def test_output_that_cannot_be_written_is_said(
    driver: BatchDriver, images: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    driver.choose_folder(images)
    driver.choose_output(tmp_path / "file")
    driver.run()
    assert "could not be written" in driver.message
    assert driver.fake.runs == []


def test_list_of_files_and_folders(
    driver: BatchDriver, images: Path, tmp_path: Path
) -> None:
    write_images(tmp_path / "more", "d.tif")
    files = driver.sections.images._files
    driver.choose_source("files")
    assert driver.hint == "Add image files."
    files.add(
        [str(images / "a.tif"), str(tmp_path / "gone.tif"), str(images / "a.tif")]
    )
    files.add([str(tmp_path / "more")])
    driver.choose_output(tmp_path / "out")
    driver.run()
    assert [row.file for row in driver.rows] == ["a.tif", "gone.tif", "d.tif"]
    assert driver.statuses == ["done", "failed", "done"]
    files._list.setCurrentRow(1)
    driver.qtbot.keyClick(files._list, Qt.Key.Key_Delete)
    assert len(files.paths()) == 2


def test_dropped_folder_and_files(
    driver: BatchDriver, images: Path, tmp_path: Path
) -> None:
    def drop(*paths: Path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        event = QDropEvent(
            QPointF(QPoint(5, 5)), Qt.DropAction.CopyAction, mime,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        driver.dock.dropEvent(event)

    drop(images)
    assert driver.sections.images.source() == "folder"
    assert driver.sections.images.file_source().paths == (str(images),)
    drop(images / "a.tif", images / "c.tif")
    assert driver.sections.images.source() == "files"
    drop(tmp_path)
    paths = driver.sections.images.file_source().paths
    assert paths == (str(images / "a.tif"), str(images / "c.tif"), str(tmp_path))


def test_two_files_of_one_name_are_refused_before_any_work(
    driver: BatchDriver, images: Path, tmp_path: Path
) -> None:
    write_images(tmp_path / "more", "a.tif")
    driver.choose_source("files")
    driver.sections.images._files.add([str(images), str(tmp_path / "more")])
    driver.run()
    assert "would both be written" in driver.message
    assert driver.fake.runs == []


def test_cancel_keeps_what_is_done_and_a_new_run_goes_on(
    driver: BatchDriver, images: Path
) -> None:
    driver.choose_folder(images)
    driver.fake.hold_at, driver.fake.free_runs = 1, 1
    driver.press()
    driver.wait_for_row(0)
    driver.wait_for_row(1, "failed")
    progress = driver.sections.run._progress
    driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 2)
    driver.qtbot.waitUntil(lambda: "2 of 3 images" in progress.text())
    driver.press()
    driver.wait_for_end()
    assert driver.statuses == ["done", "failed", "not done"]
    assert "Cancelled" in driver.message
    assert driver.fake.closed == 2
    assert not (images / "dinocell" / "c_labels.tif").exists()
    driver.fake.hold_at = None
    driver.run()
    assert driver.statuses == ["skipped", "failed", "done"]
    assert len(driver.fake.runs) == 3
    driver.sections.output._resume.setChecked(False)
    driver.run()
    assert driver.statuses == ["done", "failed", "done"]


def test_progress_and_time_left_are_shown(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    driver.fake.hold_at, driver.fake.free_runs = 2, 1
    driver.press()
    table = driver.sections.run._table.images
    driver.qtbot.waitUntil(
        lambda: table.rowCount() == 3 and table.index(2, 3).data() == "50%"
    )
    text = driver.sections.run._progress.text()
    assert text.startswith("2 of 3 images")
    assert "c.tif" in text
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert table.index(2, 3).data() == "done"


def test_fault_of_all_stops_and_is_said(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    driver.holder.error = CheckpointNotFoundError("There is no such model.")
    driver.run()
    assert driver.message == "There is no such model."
    assert driver.statuses == ["not done"] * 3
    driver.holder.error = None
    driver.run()
    assert driver.statuses == ["done", "failed", "done"]


def test_network_that_fails_fails_the_image_alone(
    driver: BatchDriver, images: Path
) -> None:
    driver.choose_folder(images)
    driver.fake.fail_at, driver.fake.error = 1, PredictionError("The network failed.")
    driver.run()
    assert driver.statuses == ["failed"] * 3
    assert driver.rows[0].remark == "The network failed."


def test_formats_overlays_and_ids(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    box = driver.sections.output._format
    box.setCurrentIndex(box.findData("png"))
    driver.sections.output._overlay.setChecked(True)
    driver.sections.output._consecutive_ids.setChecked(True)
    driver.sections.output._expand.setValue(1.5)
    also = driver.sections.output._also
    for key in ("csv", "roi"):
        also._actions[key].trigger()
    assert also.text() == "Measurements, ImageJ ROIs"
    driver.run()
    names = {path.name for path in (images / "dinocell").iterdir()}
    assert {"a_labels.png", "a_overlay.png", "a_labels_rois.zip"} < names
    assert {"a_labels_measurements.csv", "dinocell_measurements.csv"} < names
    assert driver.message.endswith("Cells: dinocell_measurements.csv")
    made = read_provenance(images / "dinocell" / "a_labels.json")
    assert made.settings.consecutive_ids
    assert made.settings.expand == 1.5


def test_choices_are_remembered(
    driver: BatchDriver, images: Path, tmp_path: Path
) -> None:
    driver.choose_folder(images)
    driver.choose_output(tmp_path / "out")
    driver.sections.output._overlay.setChecked(True)
    driver.sections.output._consecutive_ids.setChecked(True)
    driver.sections.output._expand.setValue(1.5)
    driver.sections.output._slices._slices.setCurrentText("As one volume")
    driver.sections.output._slices._spacing.setValue(3.5)
    recipe = driver.controller.recipe()
    assert (recipe.volume, recipe.z_spacing) == (True, 3.5)
    driver.sections.output._also._actions["geojson"].trigger()
    driver.sections.images._pattern.setText("*.tif")
    driver.sections.images._files.add([str(images / "a.tif")])
    driver.dock.close_controllers()
    again = BatchDock(driver.viewer)
    driver.qtbot.addWidget(again)
    assert again.sections.choices() == driver.sections.choices()
    again.close_controllers()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"kind": "x"}'], ids=["cut off", "list", "foreign"]
)
def test_damaged_memory_is_ignored(
    make_viewer_model: Callable[..., Any], qtbot: QtBot, home: Path, text: str
) -> None:
    home.mkdir()
    (home / "batch_settings.json").write_text(text)
    dock = BatchDock(make_viewer_model())
    qtbot.addWidget(dock)
    assert dock.sections.output.choice().resume is True
    dock.close_controllers()


def test_dock_fits_three_hundred_pixels(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    driver.run()
    driver.sections.run._table.selectRow(1)
    for source in ("folder", "files", "layers"):
        driver.choose_source(source)
        assert driver.dock.minimumSizeHint().width() <= 300
        for section in (driver.sections.images, driver.sections.run):
            assert section.minimumSizeHint().width() <= 292


def test_provenance_tells_the_settings(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    driver.run()
    made = read_provenance(images / "dinocell" / "a_labels.json")
    assert made.settings == driver.fake.default_config()
    assert driver.holder.asked == [("default", "auto")]
