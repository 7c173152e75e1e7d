"""What of the dock can be seen without scrolling, and what folds away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots

from napari_dinocell.engine.errors import PredictionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

IMAGE = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def driver(lend_viewer: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(lend_viewer(), qtbot)


def is_in_view(part: QWidget) -> bool:
    return bool(part.visibleRegion().boundingRect() == part.rect())


def test_button_and_both_thresholds_are_in_view_on_a_small_screen(
    lend_viewer: Callable[..., Any], qtbot: QtBot
) -> None:
    """Before a run, while it is under way and afterwards."""
    viewer = lend_viewer(show=True)
    viewer.window.resize(1280, 800)
    driver = DockDriver(viewer, qtbot)
    run, thresholds = driver.sections.run, driver.sections.thresholds
    parts = (run._button, thresholds._seed, thresholds._foreground)

    def all_in_view() -> bool:
        return all(map(is_in_view, parts))

    viewer.add_image(IMAGE, name="cells")
    qtbot.waitUntil(all_in_view)
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    qtbot.waitUntil(all_in_view)
    driver.fake.hold_at = None
    driver.wait_for_end()
    qtbot.waitUntil(all_in_view)
    qtbot.waitUntil(lambda: is_in_view(thresholds._fill_holes))


def test_the_model_folds_away_after_the_first_run_and_stays_so(
    driver: DockDriver, qtbot: QtBot
) -> None:
    model = driver.dock.folds["Model"]
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.fail_at, driver.fake.error = 0, PredictionError("Too little memory.")
    driver.segment()
    assert model.is_open()  # another one may be needed
    driver.fake.fail_at = None
    driver.segment()
    assert not model.is_open()
    assert model._header.text().endswith("Model: default")
    again = DockDriver(driver.viewer, qtbot).dock.folds["Model"]
    assert not again.is_open()
    again.set_open(True)
    assert again._header.text().endswith("Model")
    driver.segment()
    assert again.is_open()
    assert DockDriver(driver.viewer, qtbot).dock.folds["Model"].is_open()


def test_a_model_that_was_folded_and_opened_by_hand_stays_open(
    driver: DockDriver,
) -> None:
    model = driver.dock.folds["Model"]
    model._header.click()
    model._header.click()
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    assert model.is_open()
