"""Cells are removed and come back, and numbers never outlive their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots
from tests.widgets.drivers.measure_driver import SIDES, MeasureDriver, ramp, squares

from napari_dinocell.widgets.measure import colours as _measure_colours

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> MeasureDriver:
    """As napari opens it: with a viewer in a proxy."""
    return MeasureDriver(make_viewer_model_proxy(), qtbot)


@pytest.fixture
def measured(driver: MeasureDriver) -> MeasureDriver:
    driver.viewer.add_image(ramp(), name="dna")
    driver.viewer.add_labels(squares(), name="cells")
    driver.measure()
    return driver


def cells(driver: MeasureDriver) -> Any:
    return driver.viewer.layers["cells"]


def test_removed_cells_come_back_by_undo(measured: MeasureDriver) -> None:
    layer = cells(measured)
    before = layer.features.copy()
    measured.brush("area_px", 30, 100)
    measured.column.remove.click()
    measured.at_rest()
    assert measured.message == "Removed 2 cells: 2 of 4 kept."
    assert np.unique(layer.data).tolist() == [0, 5, 9]
    assert layer.features["index"].tolist() == [5, 9]
    assert measured.column._kept.text() == "2 of 2 cells kept"
    measured.column.undo.click()
    measured.at_rest()
    np.testing.assert_array_equal(layer.data, squares())
    assert layer.features.equals(before)
    assert not measured.stale
    assert not measured.column.undo.isEnabled()


def test_undo_by_key_brings_the_numbers_back_too(measured: MeasureDriver) -> None:
    layer = cells(measured)
    measured.brush("area_px", 30, 100)
    measured.column.remove.click()
    measured.at_rest()
    layer.undo()  # what Ctrl+Z calls
    measured.wait(lambda: len(layer.features) == 4)
    assert measured.values("label") == list(SIDES)
    layer.redo()
    measured.wait(lambda: len(layer.features) == 2)


def test_a_removal_undone_here_follows_thresholds_again(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """As if nothing had been removed, though no Correct dock is open."""
    viewer = make_viewer_model_proxy()
    segment, measure = DockDriver(viewer, qtbot), MeasureDriver(viewer, qtbot)
    places = [(15, 20), (50, 60), (80, 20), (85, 100)]
    viewer.add_image(spots((100, 120), places), name="cells")
    segment.set_thresholds(0.5, 0.6)
    segment.segment()
    segment.at_rest()
    expected = segment.labels("cells").copy()
    segment.set_thresholds(0.5, 0.1)
    segment.at_rest()
    measure.measure()
    measure.brush("centroid_y_px", 0, 60)
    measure.column.remove.click()
    measure.at_rest()
    assert segment.controller.result.stack.kept_cells(()) == 0
    assert segment.controller.result.stack.locks.held(()) is not None
    measure.column.undo.click()
    measure.at_rest()
    segment.set_thresholds(0.5, 0.6)
    segment.at_rest()
    np.testing.assert_array_equal(segment.labels("cells"), expected)
    assert segment.controller.result.stack.locks.held(()) is None


def test_removal_is_one_step(measured: MeasureDriver) -> None:
    layer = cells(measured)
    layer.data_setitem((np.array([0]), np.array([0])), 7)
    measured.measure()
    measured.brush("area_px", 30, 100)
    measured.column.remove.click()
    measured.at_rest()
    layer.undo()
    assert layer.data[0, 0] == 7
    assert np.unique(layer.data).tolist() == [0, 2, 5, 7, 9, 40]


def test_neighbours_follow_a_removal(driver: MeasureDriver) -> None:
    """They are those of the labels that are left, not of the former ones."""
    labels = np.zeros((30, 30), np.int32)
    labels[2:6, 2:12], labels[6:20, 2:12] = 1, 2
    driver.viewer.add_labels(labels, name="cells")
    driver.measure()
    assert driver.values("neighbours") == [1, 1]
    driver.brush("area_px", 100, 1000)
    driver.column.remove.click()
    driver.at_rest()
    assert driver.values("neighbours") == [0]


def test_read_only_labels_are_left_alone(driver: MeasureDriver) -> None:
    labels = squares()
    labels.setflags(write=False)
    driver.viewer.add_labels(labels, name="cells")
    driver.measure()
    driver.brush("area_px", 30, 100)
    driver.column.remove.click()
    driver.at_rest()
    assert "read-only" in driver.message
    np.testing.assert_array_equal(cells(driver).data, squares())


def test_changed_labels_make_measurements_stale(measured: MeasureDriver) -> None:
    layer = cells(measured)

    def paint() -> None:
        layer.data_setitem((np.array([0]), np.array([0])), 2)

    def write() -> None:  # as live thresholds do
        layer.data[0, 1] = 2
        layer.refresh()

    def replace() -> None:
        layer.data = np.roll(squares(), 1)

    for change in (paint, write, replace):
        measured.column._colouring.setChecked(True)
        measured.at_rest()
        assert layer.colormap.__class__.__name__ == "DirectLabelColormap"
        change()
        measured.wait(lambda: bool(measured.stale))
        assert "stale" in measured.stale
        assert measured.controller.measurement is None
        assert not measured.sections.run.export.isEnabled()
        assert not measured.column.remove.isEnabled()
        assert layer.colormap.__class__.__name__ == "CyclicLabelColormap"
        measured.measure()
        assert not measured.stale
        assert measured.controller.measurement is not None


def test_ids_too_large_to_colour_are_said_and_can_be_removed(
    driver: MeasureDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_measure_colours, "find_spec", lambda _: None)
    labels = squares()
    labels[labels == 40] = 100_000
    driver.viewer.add_labels(labels, name="cells")
    driver.measure()
    driver.brush("area_px", 30, 100)
    assert "numba" in driver.message
    driver.column.remove.click()
    driver.at_rest()
    assert np.unique(cells(driver).data).tolist() == [0, 5, 9]
