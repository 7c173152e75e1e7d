"""Measuring stacks: rows of all planes, features of the one that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Labels
from tests.widgets.drivers.measure_driver import SIDES, MeasureDriver, opacity, squares

from napari_dinocell.widgets.layers.marks import is_mark
from napari_dinocell.widgets.measure.request import make_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


def movie() -> np.ndarray:
    """Labels (3, 60, 80): ids 2 and 5 alone in the middle, other places at the end."""
    middle = np.where(np.isin(squares(), (2, 5)), squares(), 0)
    return np.stack([squares(), middle, np.roll(squares(), 7, axis=1)])


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> MeasureDriver:
    driver = MeasureDriver(make_viewer_model_proxy(), qtbot)
    options = {"axis_labels": ("t", "y", "x"), "scale": (10, 0.5, 0.5)}
    driver.viewer.add_labels(movie(), name="cells", **options)
    driver.viewer.dims.set_current_step(0, 0)
    return driver


def features(driver: MeasureDriver) -> list[int]:
    return list(driver.viewer.layers["cells"].features["index"])


def show(driver: MeasureDriver, frame: int) -> None:
    driver.viewer.dims.set_current_step(0, frame)
    driver.at_rest()


def test_one_row_per_frame_and_cell_and_features_of_the_shown_frame(
    driver: MeasureDriver,
) -> None:
    driver.measure()
    assert driver.values("label") == [*SIDES, 2, 5, *SIDES]
    assert driver.values("frame") == [0] * 4 + [1] * 2 + [2] * 4
    assert driver.message == "10 cells measured on 3 planes"
    assert features(driver) == list(SIDES)
    show(driver, 1)
    assert features(driver) == [2, 5]
    show(driver, 2)
    left = driver.viewer.layers["cells"].features["min_column"]
    assert left.tolist() == [17, 47, 17, 47]
    assert not driver.stale
    # a row leads to its frame
    show(driver, 0)
    driver.controller.go_to(9)  # the last cell of the last frame
    assert driver.viewer.dims.current_step[0] == 2
    assert driver.viewer.layers["cells"].selected_label == 40
    rows, columns = np.nonzero(movie()[2] == 40)
    camera = getattr(driver.viewer, "scene", driver.viewer).camera
    centre = camera.center[-2:]
    np.testing.assert_allclose(centre, (rows.mean() / 2, columns.mean() / 2))
    # and outlines it there, and nowhere else
    (mark,) = [layer for layer in driver.viewer.layers if is_mark(layer)]
    corner = mark.data[:, 0].min(axis=0)
    assert corner.tolist() == [rows.min() - 0.5, columns.min() - 0.5]
    show(driver, 0)
    assert not any(is_mark(layer) for layer in driver.viewer.layers)


@pytest.mark.parametrize(
    ("placed", "wanted"),
    [
        ({"axis_labels": ("z", "y", "x")}, (True, 3.0)),
        ({"axis_labels": ("t", "y", "x")}, (False, 3.0)),
        ({"axis_labels": ("z", "y", "x"), "units": ("nm", "um", "um")}, (True, 0.003)),
        ({"axis_labels": ("z", "y", "x"), "units": ("pixel",) * 3}, (True, None)),
    ],
)
def test_layers_of_slices_are_volumes(
    placed: dict[str, Any], wanted: tuple[bool, float | None]
) -> None:
    options = {"scale": (3, 0.5, 0.5), "units": ("um",) * 3} | placed
    layer = Labels(movie(), **options)
    asked = make_request(layer, images=(), layers=(), plane=None)
    assert (asked.is_volume, asked.depth) == (wanted[0], pytest.approx(wanted[1]))
    assert not make_request(layer, images=(), layers=(), plane=(1,)).is_volume


def test_only_the_shown_plane_can_be_measured(driver: MeasureDriver) -> None:
    show(driver, 1)
    driver.sections.choice._extent.setCurrentIndex(1)
    driver.measure()
    assert driver.values("frame") == [1, 1]
    show(driver, 0)
    assert features(driver) == []
    assert not driver.stale


def test_brush_hides_and_removes_by_the_numbers_of_each_frame(
    driver: MeasureDriver,
) -> None:
    driver.measure()
    layer = driver.viewer.layers["cells"]
    driver.brush("min_column", 0, 100)  # no column to brush: nothing changes
    driver.brush("centroid_x_px", 0, 15)
    assert [opacity(layer, cell) > 0 for cell in SIDES] == [True, False, True, False]
    show(driver, 2)
    assert [opacity(layer, cell) > 0 for cell in SIDES] == [False] * 4
    # removal takes them frame by frame, and is one step
    show(driver, 0)
    driver.column.remove.click()
    driver.at_rest()
    assert [np.unique(plane).tolist() for plane in layer.data] == [
        [0, 2, 9],
        [0, 2],
        [0],
    ]
    assert driver.message == "Removed 7 cells: 3 of 10 kept."
    layer.undo()
    np.testing.assert_array_equal(layer.data, movie())
    driver.wait(lambda: features(driver) == list(SIDES))


def test_change_of_a_hidden_frame_is_noticed(driver: MeasureDriver) -> None:
    driver.measure()
    layer = driver.viewer.layers["cells"]
    layer.data[2, 0, 0] = 5
    layer.refresh()
    driver.wait(lambda: bool(driver.stale))


def test_labels_that_lose_frames_are_stale(driver: MeasureDriver) -> None:
    driver.measure()
    driver.viewer.layers["cells"].data = movie()[:2]
    driver.wait(lambda: bool(driver.stale))
    driver.measure()
    assert driver.values("frame") == [0] * 4 + [1] * 2
