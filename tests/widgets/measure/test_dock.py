"""The Measure dock from press to table: measure, colour, brush, remove, undo, go."""

from __future__ import annotations

import csv
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from superqt.utils import WorkerBase
from tests.conftest import PATIENCE
from tests.widgets.drivers.measure_driver import (
    SIDES,
    MeasureDriver,
    opacity,
    ramp,
    squares,
)

from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.session.measure import job as _measure_job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

AREAS = [side**2 for side in SIDES.values()]


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> MeasureDriver:
    """As napari opens it: with a viewer in a proxy."""
    return MeasureDriver(make_viewer_model_proxy(), qtbot)


def held_measuring(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Measuring waits for it from now on."""
    go_on = threading.Event()

    def held(*arguments: Any, **options: Any) -> Any:
        assert go_on.wait(PATIENCE)
        return measure_cells(*arguments, **options)

    monkeypatch.setattr(_measure_job, "measure_cells", held)
    return go_on


@pytest.fixture
def hold(measured: MeasureDriver, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    return held_measuring(monkeypatch)


def show_cells(driver: MeasureDriver) -> None:
    """An image and labels, which are measured."""
    driver.viewer.add_image(ramp(), name="dna")
    driver.viewer.add_labels(squares(), name="cells")
    driver.measure()


@pytest.fixture
def measured(driver: MeasureDriver) -> MeasureDriver:
    show_cells(driver)
    return driver


def cells(driver: MeasureDriver) -> Any:
    return driver.viewer.layers["cells"]


def test_nothing_can_be_measured_without_labels(driver: MeasureDriver) -> None:
    driver.viewer.add_image(ramp())
    assert not driver.sections.run._button.isEnabled()
    driver.viewer.add_labels(squares())
    assert driver.sections.run._button.isEnabled()


def test_measurements_become_features(measured: MeasureDriver) -> None:
    features = cells(measured).features
    expected = measure_cells(squares(), channels={"dna": ramp()})
    assert features["index"].tolist() == list(SIDES)
    for name, values in expected.items():
        if name != "label":
            np.testing.assert_array_equal(features[name], values, err_msg=name)
    assert measured.message == "4 cells measured"
    assert measured.column._kept.text() == "4 of 4 cells kept"
    assert not measured.stale


def test_features_of_others_stay(driver: MeasureDriver) -> None:
    theirs = {"index": [9, 2, 77], "kind": ["round", "long", "gone"]}
    driver.viewer.add_labels(squares(), name="cells", features=theirs)
    driver.measure()
    driver.measure()
    features = cells(driver).features.set_index("index")
    assert features["kind"].dropna().to_dict() == dict(
        zip(*theirs.values(), strict=True)
    )
    assert features["area_px"].dropna().to_dict() == dict(
        zip(SIDES, AREAS, strict=True)
    )


def test_columns_of_a_former_measurement_go(measured: MeasureDriver) -> None:
    measured.sections.choice._ticks.item(0).setCheckState(Qt.CheckState.Unchecked)
    measured.measure()
    assert not [name for name in cells(measured).features if name.startswith("dna")]


def test_pixel_size_of_the_layer_is_used(driver: MeasureDriver) -> None:
    placed = {"scale": (0.5, 0.25), "units": ("um", "um")}
    driver.viewer.add_labels(squares(), **placed)
    driver.viewer.add_image(ramp(), name="elsewhere")
    driver.viewer.add_image(ramp(), name="over it", **placed)
    driver.sections.choice.list_images()
    driver.measure()
    assert driver.values("area_um2") == [area / 8 for area in AREAS]
    assert driver.controller.measurement is not None
    columns = list(driver.controller.measurement.columns)
    assert "over it_mean" in columns
    assert "elsewhere_mean" not in columns


def test_cells_are_coloured_and_get_their_colours_back(measured: MeasureDriver) -> None:
    layer = cells(measured)
    before = [layer.get_color(cell) for cell in SIDES]
    measured.column.set_column("area_px")
    measured.column._colouring.setChecked(True)
    measured.at_rest()
    shown = np.array([layer.get_color(cell) for cell in SIDES])
    assert shown[0, :3].sum() < shown[-1, :3].sum()  # viridis: dark to bright
    assert len({tuple(colour) for colour in shown}) == 4
    assert layer.get_color(0) is None or not np.any(layer.get_color(0))
    measured.column._colouring.setChecked(False)
    measured.at_rest()
    np.testing.assert_array_equal([layer.get_color(cell) for cell in SIDES], before)
    assert layer.colormap.__class__.__name__ == "CyclicLabelColormap"


@pytest.mark.parametrize("colouring", [False, True])
def test_brush_hides_cells_and_touches_no_label(
    measured: MeasureDriver, colouring: bool
) -> None:
    layer = cells(measured)
    measured.column._colouring.setChecked(colouring)
    measured.brush("area_px", 30, 100)
    assert [opacity(layer, cell) > 0 for cell in SIDES] == [False, True, True, False]
    assert measured.column._kept.text() == "2 of 4 cells kept"
    np.testing.assert_array_equal(layer.data, squares())
    measured.brush("area_px", 0, 1000)
    assert [opacity(layer, cell) > 0 for cell in SIDES] == [True] * 4


def test_row_of_the_table_leads_to_its_cell(measured: MeasureDriver) -> None:
    measured.dock.open_table()
    table = measured.sections.table
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    table.setCurrentIndex(table.model().index(1, 0))  # the second largest
    assert cells(measured).selected_label == 9
    rows, columns = np.nonzero(squares() == 9)
    camera = getattr(measured.viewer, "scene", measured.viewer).camera
    assert tuple(camera.center[-2:]) == (rows.mean(), columns.mean())
    assert 40 <= camera.zoom * SIDES[9] <= 400


def test_picked_label_is_marked_in_the_table(measured: MeasureDriver) -> None:
    measured.dock.open_table()
    table = measured.sections.table
    cells(measured).selected_label = 40
    index = table.currentIndex()
    assert table.model().index(index.row(), 0).data() == "40"
    cells(measured).selected_label = 3  # there is no such cell
    assert table.currentIndex() == index


def test_table_can_be_closed_and_opened_again(measured: MeasureDriver) -> None:
    measured.dock.open_table()
    measured.dock.open_table()
    table_dock = measured.dock._table_dock
    measured.viewer.window.remove_dock_widget(measured.sections.table)
    measured.wait(lambda: measured.dock._table_dock is not table_dock)
    measured.dock.open_table()
    assert measured.sections.table.parent() == measured.dock._table_dock
    assert not measured.sections.table.isHidden()


def test_export_writes_all_rows(measured: MeasureDriver, tmp_path: Path) -> None:
    measured.controller.export(tmp_path / "cells")
    measured.at_rest()
    with (tmp_path / "cells.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["area_px"]) for row in rows] == AREAS
    assert "Saved" in measured.message


@pytest.mark.parametrize("only", [False, True], ids=["all", "in the range"])
def test_export_says_which_cells_the_file_holds(
    measured: MeasureDriver, tmp_path: Path, *, only: bool
) -> None:
    """The range hides cells in the viewer; whether in the file, too, is the user's."""
    measured.column.set_column("area_px")
    measured.column.set_range(0, sorted(AREAS)[-1] - 1)
    measured.sections.run._in_range.setChecked(only)
    measured.controller.export(tmp_path / "cells.csv")
    measured.at_rest()
    with (tmp_path / "cells.csv").open(encoding="utf-8", newline="") as file:
        areas = [float(row["area_px"]) for row in csv.DictReader(file)]
    assert areas == [area for area in AREAS if not only or area < max(AREAS)]
    said = "those in the range" if only else "1 outside of the range among them"
    assert said in measured.message


def test_export_that_fails_says_so(measured: MeasureDriver, tmp_path: Path) -> None:
    (tmp_path / "cells.csv").mkdir()
    measured.controller.export(tmp_path / "cells.csv")
    measured.at_rest()
    assert "could not be written" in measured.message


def test_labels_without_cells_are_no_error(driver: MeasureDriver) -> None:
    driver.viewer.add_labels(np.zeros((20, 30), np.int32))
    driver.measure()
    assert driver.message == "0 cells measured"
    assert not driver.column.remove.isEnabled()


def test_measurements_are_kept_per_layer(measured: MeasureDriver) -> None:
    measured.viewer.add_labels(np.zeros((60, 80), np.int32), name="other")
    measured.at_rest()
    assert measured.sections.choice.layer() == measured.viewer.layers["other"]
    assert measured.controller.measurement is None
    measured.viewer.layers.selection.active = cells(measured)
    measured.at_rest()
    assert measured.values("label") == list(SIDES)


def test_layer_may_go_while_it_is_measured(
    measured: MeasureDriver, hold: threading.Event
) -> None:
    measured.column._colouring.setChecked(True)
    measured.press()
    measured.viewer.layers.remove("cells")
    hold.set()
    measured.at_rest()
    assert measured.sections.choice.layer() is None
    assert measured.controller.measurement is None
    assert not measured.sections.run._button.isEnabled()


def test_viewer_may_close_while_measuring(
    lend_viewer_proxy: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fixtures watch that nothing is left."""
    measured = MeasureDriver(lend_viewer_proxy(), qtbot)
    show_cells(measured)
    hold = held_measuring(monkeypatch)
    measured.dock.open_table()
    measured.brush("area_px", 30, 100)
    measured.press()
    measured.viewer.close()
    hold.set()
    measured.wait(lambda: not WorkerBase._worker_set)


def test_cancelled_measuring_leaves_the_former_numbers(
    measured: MeasureDriver, hold: threading.Event
) -> None:
    before = measured.controller.measurement
    button = measured.sections.run._button
    measured.press()
    assert button.text() == "Cancel"
    measured.press()
    assert (button.text(), button.isEnabled()) == ("Cancelling ...", False)
    hold.set()
    measured.at_rest()
    assert (button.text(), button.isEnabled()) == ("&Measure", True)
    assert measured.controller.measurement is before
    assert measured.message.startswith("Cancelled")


def test_dock_that_closes_shows_all_cells(measured: MeasureDriver) -> None:
    measured.dock.open_table()
    measured.brush("area_px", 30, 100)
    measured.viewer.window.remove_dock_widget(measured.dock)
    assert [opacity(cells(measured), cell) > 0 for cell in SIDES] == [True] * 4
    measured.dock.close()
    measured.dock.deleteLater()
