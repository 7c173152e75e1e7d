"""The export dialog: asks before it replaces, tells what is written and what failed."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFileDialog, QLineEdit
from skimage.segmentation import expand_labels
from tests.widgets.drivers import export_screen
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.export_screen import Screen, names_in, two_cells
from tests.widgets.drivers.fakes import spots
from tests.widgets.drivers.run_records import bare_record

from napari_dinocell.engine.results import export_labels as export_module
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.widgets.export import command as _export_command
from napari_dinocell.widgets.export.choice import FormatChoice
from napari_dinocell.widgets.export.command import show_export_dialog
from napari_dinocell.widgets.export.dialog import ExportDialog

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtCore import QUrl

open_screen, viewer = export_screen.open_screen, export_screen.viewer


def test_all_formats_of_a_plane_are_written(viewer, open_screen, tmp_path):
    scale = {"scale": (0.5, 0.5), "units": ("um", "um")}
    viewer.add_image(np.zeros((20, 30), np.uint8), name="cells", **scale)
    layer = viewer.add_labels(two_cells(), name="cells labels", **scale)
    screen = open_screen(viewer, layer, tmp_path / "new")
    screen.tick(*FORMATS)
    screen.export()
    assert names_in(tmp_path / "new") == sorted(
        f"cells_labels{entry.suffix}"
        for entry in FORMATS.values()
        if not entry.needs_time  # which cannot be ticked then
    )
    assert screen.message == f"10 files written to {tmp_path / 'new'}."
    table = (tmp_path / "new" / "cells_labels_measurements.csv").read_text()
    assert table.startswith("label,area_um2,")
    assert "cells_mean" in table
    with tifffile.TiffFile(tmp_path / "new" / "cells_labels.tif") as file:
        np.testing.assert_array_equal(file.asarray(), two_cells())


def test_existing_files_are_listed_and_kept_until_the_user_agrees(
    viewer, open_screen, tmp_path
):
    viewer.add_labels(two_cells(), name="a")
    (tmp_path / "a.tif").write_bytes(b"former")
    (tmp_path / "a.npy").write_bytes(b"former")
    screen = open_screen(viewer, folder=tmp_path)
    screen.tick("tif", "npy", "csv")
    screen.export()
    assert "there is already a.tif, a.npy. Press Replace them" in screen.message
    assert names_in(tmp_path) == ["a.npy", "a.tif"], "something was written"
    screen.type_in("Name", "b")  # another plan: nothing is agreed to
    assert screen.message == ""
    screen.type_in("Name", "a")
    screen.export()
    assert (tmp_path / "a.tif").read_bytes() == b"former"
    screen.click("Replace them")
    screen.wait()
    assert screen.message.startswith("3 files written")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), two_cells())


def test_failure_of_one_format_leaves_the_others(
    viewer, open_screen, tmp_path, monkeypatch
):
    viewer.add_labels(two_cells() * 10_000, name="a")

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(export_module, "write_coco", fail)
    (tmp_path / "a_rois.zip").mkdir()
    screen = open_screen(viewer, folder=tmp_path)
    screen.tick("png", "roi", "coco", "geojson")
    screen.export()
    screen.click("Replace them")
    screen.wait()
    assert names_in(tmp_path) == ["a.geojson", "a_rois.zip"]
    assert screen.message.startswith(f"1 file written to {tmp_path}. PNG: A PNG holds")
    assert f"ImageJ ROIs: {tmp_path / 'a_rois.zip'} is no earlier" in screen.message
    assert "COCO JSON: Unexpected ZeroDivisionError: a fault." in screen.message


def test_formats_that_cannot_hold_a_stack_say_so(viewer, open_screen, tmp_path):
    viewer.add_labels(two_cells(3), name="stack")
    viewer.add_labels(two_cells(), name="plane")
    screen = open_screen(viewer, viewer.layers["plane"], tmp_path)
    screen.tick("png", "overlay")
    assert screen.format("PNG").isEnabled()
    assert not screen.format("Overlay picture").isEnabled(), "there is no image"
    screen.choose("Labels", "stack")
    assert not screen.format("PNG").isEnabled()
    assert screen.message == "Tick at least one format."
    assert not screen.button("Export").isEnabled()
    screen.choose("Labels", "plane")
    assert screen.format("PNG").isChecked(), "the choice was forgotten"
    assert screen.button("Export").isEnabled()
    notes = screen.dialog.findChild(FormatChoice)._notes.values()
    assert all(note.height() >= note.heightForWidth(note.width()) for note in notes)


def test_user_says_what_the_pages_of_a_stack_are(viewer, open_screen, tmp_path):
    viewer.add_labels(two_cells(3), name="a")
    screen = open_screen(viewer, folder=tmp_path)
    pages = screen.control(QComboBox, "Pages are")
    assert pages.isVisible()
    assert pages.currentText() == "Time"
    pages.setCurrentText("Depth (z)")
    screen.tick("geojson")
    screen.export()
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    places = [
        (f["geometry"]["plane"]["t"], f["geometry"]["plane"]["z"]) for f in features
    ]
    assert places == [(0, 0), (0, 0), (0, 1), (0, 1), (0, 2), (0, 2)]


def test_pages_of_a_plane_are_not_asked_for(viewer, open_screen):
    viewer.add_labels(two_cells(), name="a")
    viewer.add_labels(two_cells(2, 3), name="b")
    screen = open_screen(viewer)
    pages = screen.control(QComboBox, "Pages are")
    for name in "ab":
        screen.choose("Labels", name)
        assert not pages.isVisible()


def test_images_over_the_labels_are_offered(viewer, open_screen):
    for name in ("own", "other"):
        viewer.add_image(np.zeros((20, 30)), name=name)
    viewer.add_image(np.zeros((9, 9)), name="elsewhere")
    marks = {"source_id": str(viewer.layers["other"].unique_id)}
    viewer.add_labels(two_cells(), name="a", metadata={"dinocell": marks})
    distance = {"dinocell": {"kind": "distance"}}
    viewer.add_image(np.zeros((20, 30)), name="a distance", metadata=distance)
    screen = open_screen(viewer)
    assert screen.choices("Image") == ["own", "other", "none"]
    assert screen.control(QComboBox, "Image").currentText() == "other"
    assert screen.format("Overlay picture").isEnabled()
    screen.choose("Image", "none")
    assert not screen.format("Overlay picture").isEnabled()


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("Name", "", "Give a name."),
        ("Name", "a/b", "A name cannot hold"),
        ("Folder", "", "Choose a folder."),
        ("Folder", "somewhere", "Choose a folder."),
    ],
)
def test_what_is_missing_is_said(viewer, open_screen, tmp_path, field, text, reason):
    viewer.add_labels(two_cells(), name="a")
    screen = open_screen(viewer, folder=tmp_path)
    assert screen.button("Export").isEnabled()
    screen.type_in(field, text)
    assert screen.message.startswith(reason)
    assert not screen.button("Export").isEnabled()


def test_names_of_layers_become_names_of_files(viewer, open_screen):
    viewer.add_labels(two_cells(), name='day 1/x: "a" labels')
    screen = open_screen(viewer)
    assert screen.control(QLineEdit, "Name").text() == "day 1_x_ _a__labels"


def test_files_go_where_the_image_came_from(viewer, open_screen, tmp_path):
    record = bare_record().to_metadata() | {"source_path": str(tmp_path / "image.tif")}
    viewer.add_labels(two_cells(), name="a", metadata={"dinocell": record})
    screen = open_screen(viewer)
    assert screen.control(QLineEdit, "Folder").text() == str(tmp_path)
    screen.tick("npy")
    screen.export()
    assert names_in(tmp_path) == ["a.npy", "a_dinocell.json"]
    assert json.loads((tmp_path / "a_dinocell.json").read_text()) == record


def test_ids_and_grown_cells_are_in_files_and_record(viewer, open_screen, tmp_path):
    record = bare_record().to_metadata()
    layer = viewer.add_labels(two_cells(), name="a", metadata={"dinocell": record})
    screen = open_screen(viewer, folder=tmp_path)
    screen.tick("npy")
    screen.format("Consecutive ids").setChecked(True)
    screen.control(QDoubleSpinBox, "Expand cells by a distance").setValue(2)
    screen.export()
    expected = expand_labels(np.searchsorted([0, 4, 7], two_cells()), 2)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), expected)
    settings = json.loads((tmp_path / "a_dinocell.json").read_text())["settings"]
    assert settings == record["settings"] | {"consecutive_ids": True, "expand": 2}
    np.testing.assert_array_equal(layer.data, two_cells())


def test_formats_and_folder_are_remembered(viewer, qtbot, open_screen, tmp_path):
    viewer.add_labels(two_cells(), name="a")
    screen = open_screen(viewer, folder=tmp_path)
    screen.tick("geojson", "csv")
    screen.format("Consecutive ids").setChecked(True)
    with qtbot.waitSignal(screen.dialog.destroyed):
        screen.click("Close")
    screen = open_screen(viewer)
    assert screen.format("GeoJSON").isChecked()
    assert not screen.format("TIFF").isChecked()
    assert screen.format("Consecutive ids").isChecked()
    assert screen.control(QLineEdit, "Folder").text() == str(tmp_path)


def test_browse_and_open_folder(viewer, open_screen, tmp_path, monkeypatch):
    viewer.add_labels(two_cells(), name="a")
    screen = open_screen(viewer)
    assert not screen.button("Open folder").isVisible()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    screen.click("Browse")
    screen.tick("npy")
    screen.export()
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    screen.click("Open folder")
    assert [url.toLocalFile() for url in opened] == [str(tmp_path)]


def test_folder_that_cannot_be_written_is_an_error_per_format(
    viewer, open_screen, tmp_path
):
    viewer.add_labels(two_cells(), name="a")
    (tmp_path / "a_file").touch()
    screen = open_screen(viewer, folder=tmp_path / "a_file" / "deep")
    screen.tick("npy", "csv")
    screen.export()
    assert screen.message.count("could not be written") == 2
    assert screen.message.startswith("0 files written")


def test_menu_command_takes_the_selected_layer(lend_viewer, qtbot):
    viewer = lend_viewer()
    viewer.add_labels(two_cells(), name="a")
    viewer.add_labels(two_cells(), name="b")
    viewer.layers.selection.active = viewer.layers["a"]
    _export_command.open_export_dialog(viewer)
    (dialog,) = viewer.window._qt_window.findChildren(ExportDialog)
    screen = Screen(qtbot, dialog)
    assert screen.control(QComboBox, "Labels").currentText() == "a"
    with qtbot.waitSignal(dialog.destroyed):
        screen.click("Close")


def test_no_labels_are_said(viewer, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(_export_command, "notify_warning", said.append)
    assert show_export_dialog(viewer, None, None) is None
    assert said == ["There are no labels to export. Segment an image first."]


def test_export_button_of_the_dock_waits_for_a_result(
    lend_viewer: Any, qtbot: QtBot, tmp_path: Path
):
    driver = DockDriver(lend_viewer(), qtbot)
    driver.viewer.add_image(spots((64, 64), [(20, 20), (45, 45)]), name="cells")
    button = driver.sections.run.export
    assert not button.isEnabled()
    driver.segment()
    driver.at_rest()
    assert button.isEnabled()
    button.click()
    (dialog,) = driver.viewer.window._qt_window.findChildren(ExportDialog)
    screen = Screen(qtbot, dialog)
    assert screen.control(QComboBox, "Labels").currentText() == "cells labels"
    assert screen.control(QComboBox, "Image").currentText() == "cells"
    assert screen.choices("Image") == ["cells", "none"]
    screen.type_in("Folder", str(tmp_path))
    screen.tick("csv")
    screen.export()
    with (tmp_path / "cells_labels_measurements.csv").open() as file:
        confidences = [float(row["confidence"]) for row in csv.DictReader(file)]
    assert len(confidences) == 2
    assert all(0 < confidence <= 1 for confidence in confidences)
    with qtbot.waitSignal(dialog.destroyed):
        screen.click("Close")
