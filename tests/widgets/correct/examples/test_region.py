"""Which region becomes an example: what is in view, or what was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.canvas import see
from tests.widgets.drivers.examples_driver import SHAPE, ExamplesDriver, ramp, squares

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    return ExamplesDriver(make_viewer_model_proxy(), qtbot)


@pytest.fixture
def on_screen(lend_viewer_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    """With a canvas that is drawn."""
    return ExamplesDriver(lend_viewer_proxy(), qtbot)


def test_the_visible_region_is_what_the_canvas_shows(on_screen: ExamplesDriver) -> None:
    driver = on_screen
    driver.show(squares(), ramp())
    driver.show_window()
    scene = getattr(driver.viewer, "scene", driver.viewer)
    scene.camera.center, scene.camera.zoom = (0, 15, 15), 40
    see(driver.viewer, driver.qtbot)
    driver.accept("view")
    example, pixels = driver.last()
    (top, left), (height, width) = example.origin.corner, example.shape
    assert 0 < height < SHAPE[0]
    region = slice(top, top + height), slice(left, left + width)
    assert top <= 15 < top + height
    np.testing.assert_array_equal(pixels.image, ramp()[region])
    np.testing.assert_array_equal(pixels.labels, squares()[region])


def test_labels_out_of_view_are_not_accepted(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.show_window()
    scene = getattr(driver.viewer, "scene", driver.viewer)
    scene.camera.center = (0, 100_000, 0)
    driver.accept("view")
    assert "in view" in driver.said
    assert driver.kept() == []


def test_a_drawn_rectangle_is_kept(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    assert "Draw a rectangle" in driver.why_not
    driver.rows.draw.click()
    driver.drag((5, 4), (50, 40))
    assert not driver.examples.accepting.rectangle.drawing
    assert "Example region" in driver.viewer.layers
    driver.accept("rectangle")
    example, pixels = driver.last()
    (top, left), (height, width) = example.origin.corner, example.shape
    assert abs(top - 5) <= 1
    assert abs(left - 4) <= 1
    assert abs(height - 46) <= 2
    assert abs(width - 37) <= 2
    region = slice(top, top + height), slice(left, left + width)
    np.testing.assert_array_equal(pixels.image, ramp()[region])
    assert (example.cells, example.whole_cells) == (2, 2)
    assert "Example region" not in driver.viewer.layers


def test_a_rectangle_beside_the_image_is_none(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.drag((-8, -8), (-2, -2))
    assert "Draw a rectangle" in driver.why_not


def test_a_tool_takes_the_mouse_from_the_rectangle(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.press("delete")
    assert not driver.rows.draw.isChecked()
    driver.click((15, 15))
    assert 3 not in driver.labels
    driver.rows.draw.click()
    assert driver.controller.hand.tool is None
    driver.drag((5, 5), (40, 40))
    assert driver.examples.accepting.rectangle.region is not None


def test_escape_gives_the_mouse_back(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    assert not driver.layer.mouse_pan
    driver.key("Escape")
    assert not driver.rows.draw.isChecked()
    assert driver.layer.mouse_pan
    driver.press("delete")
    driver.key("Escape")  # is that of the tool again
    assert driver.controller.hand.tool is None


def test_a_brush_takes_the_mouse_from_the_rectangle(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.press("paint")
    assert not driver.examples.accepting.rectangle.drawing
    assert str(driver.layer.mode) == "paint"
