"""Estimate: what is measured lands on its image; what is cancelled says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

IMAGE = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    driver = DockDriver(make_viewer_model(), qtbot)
    driver.viewer.add_image(IMAGE, name="cells")
    return driver


@pytest.fixture
def estimating(driver: DockDriver) -> DockDriver:
    """It waits before the cells are measured."""
    return begin(driver)


def begin(driver: DockDriver) -> DockDriver:
    driver.fake.hold_scale = True
    driver.sections.size.estimate.click()
    driver.qtbot.waitUntil(lambda: driver.holder.loaded)
    return driver


def wait_for_end(driver: DockDriver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.dock.size_tools.busy)


def diameter(driver: DockDriver) -> Any:
    return driver.sections.size.diameter()


def measured(driver: DockDriver) -> str:
    return driver.sections.size._measured.text()


def test_a_cancelled_estimate_says_so_and_not_that_nothing_was_found(
    estimating: DockDriver,
) -> None:
    estimating.press()
    assert estimating.sections.run._button.text().startswith("Cancelling")
    wait_for_end(estimating)
    assert measured(estimating) == ""
    assert estimating.message.startswith("Cancelled")
    assert diameter(estimating) == "auto"


def test_cells_that_are_not_there_are_said(estimating: DockDriver) -> None:
    estimating.fake.cell_diameter = None
    estimating.fake.hold_scale = False
    wait_for_end(estimating)
    assert "No cell was found to measure" in estimating.message
    assert diameter(estimating) == "auto"


def test_a_diameter_is_not_taken_for_another_image(estimating: DockDriver) -> None:
    other = estimating.viewer.add_image(IMAGE, name="other")
    estimating.viewer.layers.selection.active = other
    estimating.qtbot.waitUntil(lambda: estimating.controller.layer is other)
    estimating.fake.hold_scale = False
    wait_for_end(estimating)
    assert diameter(estimating) == "auto"
    assert "'cells' have a diameter of 17.0 px" in estimating.message


def test_a_diameter_is_taken_if_its_image_is_chosen_again(
    estimating: DockDriver,
) -> None:
    first = estimating.controller.layer
    other = estimating.viewer.add_image(IMAGE, name="other")
    for layer in (other, first):
        estimating.viewer.layers.selection.active = layer
    estimating.fake.hold_scale = False
    wait_for_end(estimating)
    assert diameter(estimating) == 17.0


def test_what_a_run_measures_is_not_said_of_another_image(driver: DockDriver) -> None:
    driver.fake.hold_scale = True
    driver.press()
    driver.qtbot.waitUntil(lambda: driver.holder.loaded)
    other = driver.viewer.add_image(IMAGE, name="other")
    driver.viewer.layers.selection.active = other
    driver.fake.hold_scale = False
    driver.wait_for_end()
    assert measured(driver) == ""


def test_the_model_cannot_be_unloaded_meanwhile(estimating: DockDriver) -> None:
    unload = estimating.sections.model._picker._unload
    assert not unload.isEnabled()
    assert "measures cells" in unload.toolTip()
    estimating.sections.model.unload_requested.emit()
    assert estimating.holder.loaded
    assert "measures cells" in estimating.message
    estimating.fake.hold_scale = False
    wait_for_end(estimating)
    estimating.qtbot.waitUntil(unload.isEnabled)
    unload.click()
    assert not estimating.holder.loaded
    assert not unload.isEnabled()


def test_no_second_job_meets_the_model(estimating: DockDriver) -> None:
    estimating.controller.segment()
    assert not estimating.running
    assert "measures cells" in estimating.message
    estimating.fake.hold_scale = False
    wait_for_end(estimating)
    estimating.segment()
    assert "cells labels" in estimating.viewer.layers


def test_closing_the_dock_ends_it_and_frees_slot_and_model(
    estimating: DockDriver,
) -> None:
    session = estimating.session
    estimating.viewer.window.remove_dock_widget(estimating.dock)
    estimating.qtbot.waitUntil(lambda: session.jobs.job is None)
    estimating.qtbot.waitUntil(lambda: not session.model.loaded)
    estimating.dock.deleteLater()


def test_closing_the_window_ends_it_and_frees_the_slot(
    lend_viewer: Callable[..., Any], qtbot: QtBot
) -> None:
    driver = DockDriver(lend_viewer(), qtbot)
    driver.viewer.add_image(IMAGE, name="cells")
    estimating = begin(driver)
    session = estimating.session
    estimating.viewer.close()
    estimating.qtbot.waitUntil(lambda: session.jobs.job is None)
