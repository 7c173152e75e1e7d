"""The line below Segment tells of the result that is shown, and of no other one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

FOUR = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])
ONE = spots((100, 120), [(50, 50)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def said(driver: DockDriver) -> str:
    """What the line shows, without time and device."""
    words = driver.sections.run._result.text().replace("\N{NO-BREAK SPACE}", " ")
    return ", ".join(re.findall("[^,]*(?:cells?|planes?)\\b", words)).replace(
        ",  ", ", "
    )


def test_it_follows_the_chosen_image(driver: DockDriver) -> None:
    """Also while another one is segmented, and when an image goes."""
    first = driver.viewer.add_image(FOUR, name="first")
    driver.segment()
    assert said(driver) == "4 cells"
    second = driver.viewer.add_image(ONE, name="second")
    driver.viewer.layers.selection.active = second
    assert driver.controller.layer == second
    assert said(driver) == ""
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.viewer.layers.selection.active = first
    assert said(driver) == "4 cells"
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert said(driver) == "4 cells"
    driver.viewer.layers.remove(first)
    assert driver.controller.layer == second
    assert said(driver) == "1 cell"


def test_cancel_brings_the_former_line_back(driver: DockDriver) -> None:
    """The diameter that the cancelled run has measured is not the result's either."""
    layer = driver.viewer.add_image(FOUR, name="cells")
    driver.segment()
    measured = driver.sections.size._measured.text()
    layer.data = ONE
    driver.fake.cell_diameter = 40
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    assert said(driver) != "4 cells"
    assert driver.sections.size._measured.text() != measured
    driver.press()
    driver.wait_for_end()
    assert said(driver) == "4 cells"
    assert driver.sections.size._measured.text() == measured


def test_messages_go_with_their_image(driver: DockDriver) -> None:
    """An error or a doubt about one image says nothing about the next."""
    driver.viewer.add_image(FOUR, name="first")
    driver.fake.fail_at, driver.fake.error = 2, RuntimeError("broken")
    driver.segment()
    assert "broken" in driver.message
    second = driver.viewer.add_image(ONE, name="second")
    driver.viewer.layers.selection.active = second
    assert driver.controller.layer == second
    assert driver.message == ""


def test_counts_of_stacks_are_of_the_plane_and_of_all(driver: DockDriver) -> None:
    """Thresholds change both; a plane that was not segmented has no count."""
    driver.viewer.add_image(np.stack([FOUR, ONE]), name="stack")
    driver.viewer.dims.set_point(0, 0)
    driver.sections.image.set_region("all")
    driver.segment()
    assert said(driver) == "4 cells in this plane, 5 in all 2 planes"
    driver.viewer.dims.set_point(0, 1)
    assert said(driver) == "1 cell in this plane, 5 in all 2 planes"
    driver.sections.thresholds._min_size.setValue(100_000)
    driver.at_rest()
    assert said(driver) == "No cells found in this plane, 0 in all 2 planes"
    assert "dropped by the limits" in driver.sections.run._empty.message()
    driver.sections.thresholds._min_size.setValue(0)
    driver.at_rest()
    assert driver.sections.run._empty.message() == ""
