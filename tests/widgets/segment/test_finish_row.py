"""Growth, numbering and contours of a result, in the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.session.remembered import load_remembered
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.segment.contours import CONTOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_dinocell.engine.config import SegmentConfig

IMAGE = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def settings_of(driver: DockDriver) -> SegmentConfig:
    layer = driver.viewer.layers["cells labels"]
    return RunRecord.from_metadata(layer.metadata["dinocell"]).settings


def grown(driver: DockDriver, distance: float) -> np.ndarray:
    """What the labels are to be at the thresholds of the dock."""
    config = driver.sections.thresholds.config()
    return expand_cells(label_cells(fake_map(IMAGE), config), distance)


def test_cells_grow_at_once_and_follow_the_thresholds(driver: DockDriver) -> None:
    finish = driver.sections.thresholds.finish
    driver.viewer.add_image(np.stack([IMAGE, IMAGE]), name="cells")
    driver.sections.image.set_region("all")
    driver.segment()
    finish._expand.setValue(4)
    driver.at_rest()
    for plane in driver.labels("cells"):
        np.testing.assert_array_equal(plane, grown(driver, 4))
    driver.set_thresholds(0.7, 0.5)
    driver.at_rest()
    for plane in driver.labels("cells"):
        np.testing.assert_array_equal(plane, grown(driver, 4))
    assert settings_of(driver).expand == 4
    assert driver.session.choice.settings.expand == 4
    driver.segment()  # the map is known, and the new labels grow, too
    np.testing.assert_array_equal(driver.labels("cells")[1], grown(driver, 4))
    finish._expand.setValue(0)
    driver.at_rest()
    np.testing.assert_array_equal(driver.labels("cells")[0], grown(driver, 0))
    assert settings_of(driver).expand == 0


def test_corrected_cells_do_not_grow(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    former = driver.labels("cells").copy()
    cell = int(former[50, 60])
    stack = next(iter(driver.session.results.values())).stack
    stack.locks.plane(()).lock(former, [cell])
    driver.sections.thresholds.finish._expand.setValue(5)
    driver.at_rest()
    after = driver.labels("cells")
    np.testing.assert_array_equal(after == cell, former == cell)
    assert (after > 0).sum() > (former > 0).sum()


def test_numbering_is_for_what_is_written(driver: DockDriver) -> None:
    """Labels in the viewer keep their ids; record, copies and Batch know of it."""
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    former = driver.labels("cells").copy()
    assert not settings_of(driver).consecutive_ids
    driver.sections.thresholds.finish._consecutive.click()
    np.testing.assert_array_equal(driver.labels("cells"), former)
    assert settings_of(driver).consecutive_ids
    assert driver.session.choice.settings.consecutive_ids


def test_contours_are_switched_and_new_results_have_them(driver: DockDriver) -> None:
    finish = driver.sections.thresholds.finish
    driver.viewer.add_image(IMAGE, name="cells")
    mine = driver.viewer.add_labels(np.zeros((5, 5), np.int32))
    driver.segment()
    layer = driver.viewer.layers["cells labels"]
    finish._contours.click()
    assert layer.contour == CONTOUR
    driver.viewer.layers.remove(layer)
    driver.segment()
    layer = driver.viewer.layers["cells labels"]
    assert layer.contour == CONTOUR
    finish._contours.click()
    assert layer.contour == 0
    layer.contour = 5  # napari's own control
    driver.segment()
    assert layer.contour == 5
    assert mine.contour == 0


def test_all_three_are_remembered_and_restored(
    driver: DockDriver, qtbot: QtBot
) -> None:
    finish = driver.sections.thresholds.finish
    finish._expand.setValue(2.5)
    finish._consecutive.click()
    finish._contours.click()
    driver.dock.memory.save()
    values = load_remembered()
    assert values["expand"] == 2.5
    assert values["consecutive_ids"] is True
    assert values["contours"] is True
    again = DockDriver(driver.viewer, qtbot).sections.thresholds.finish
    assert (again.expand(), again.consecutive_ids(), again.contours()) == (
        2.5,
        True,
        True,
    )
    driver.dock.memory.restore_defaults()
    driver.dock.memory.save()  # nothing is left to be written later
    assert (finish.expand(), finish.consecutive_ids()) == (0, False)
