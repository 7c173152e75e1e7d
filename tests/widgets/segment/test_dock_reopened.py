"""A dock that is closed and opened again goes on where the first one was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

IMAGE = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def reopen(driver: DockDriver) -> DockDriver:
    driver.viewer.window.remove_dock_widget(driver.dock)
    driver.dock.deleteLater()
    return DockDriver(driver.viewer, driver.qtbot)


def test_results_are_found_again_and_sliders_are_live(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    again = reopen(driver)
    assert again.sections.run.copy_python.isEnabled()
    assert again.banner == ""
    again.set_thresholds(0.9, 0.8)
    again.at_rest()
    config = WatershedConfig(seed_threshold=0.9, foreground_threshold=0.8)
    expected = label_cells(fake_map(IMAGE), config)
    np.testing.assert_array_equal(again.labels("cells"), expected)
    assert len(again.fake.runs) == 1


def test_a_rerun_updates_the_same_layers(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    before = list(driver.viewer.layers)
    again = reopen(driver)
    again.segment()
    assert list(again.viewer.layers) == before


def test_results_of_images_that_went_meanwhile_are_forgotten(
    driver: DockDriver,
) -> None:
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    assert driver.session.results
    driver.viewer.window.remove_dock_widget(driver.dock)
    driver.dock.deleteLater()
    driver.viewer.layers.remove(layer)
    again = DockDriver(driver.viewer, driver.qtbot)
    assert not again.session.results


def test_planes_that_were_done_when_it_was_closed_are_kept(driver: DockDriver) -> None:
    driver.viewer.add_image(np.stack([IMAGE] * 3), name="movie")
    driver.sections.image.set_region("all")
    driver.fake.free_runs, driver.fake.hold_at = 1, 2
    driver.press()
    run = driver.controller.runner.run
    assert run is not None
    driver.qtbot.waitUntil(lambda: run.planes_done == 1)
    session = driver.session
    driver.viewer.window.remove_dock_widget(driver.dock)
    driver.qtbot.waitUntil(lambda: session.jobs.job is None)
    driver.wait_for_end()
    assert session.choice is None
    driver.qtbot.waitUntil(lambda: not session.model.loaded)
    (result,) = session.results.values()
    assert result.stack.finished_planes == [(0,)]
    driver.dock.deleteLater()


def test_other_docks_know_whether_it_is_open(driver: DockDriver) -> None:
    session = driver.session
    assert session.choice is not None
    driver.set_thresholds(0.81, 0.3)
    assert session.choice.settings is not None
    assert session.choice.settings.watershed.seed_threshold == 0.81
    driver.viewer.window.remove_dock_widget(driver.dock)
    driver.dock.deleteLater()
    assert session.choice is None
