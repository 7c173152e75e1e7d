"""A run that is stopped keeps the tiles that have arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication
from tests.widgets.drivers.dock_driver import DockDriver, cells_of
from tests.widgets.drivers.fakes import fake_map, spots
from tests.widgets.segment.test_result_line import said

from napari_dinocell.session.replay.run_record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def stop_at(driver: DockDriver, tiles: int, *, planes: int = 0) -> None:
    """Press the button once so many tiles of the plane at work are there."""
    keep, run = driver.sections.run.keep, driver.controller.runner.run
    assert run is not None
    driver.qtbot.waitUntil(lambda: keep.isVisibleTo(driver.dock))
    # The worker may be ahead: the dock still counts the tiles of the plane before.
    driver.qtbot.waitUntil(lambda: (run.planes_done, run.tiles_done) == (planes, tiles))
    keep.click()
    driver.wait_for_end()
    assert not keep.isVisibleTo(driver.dock)


def test_cells_of_the_tiles_so_far_become_the_result(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.sections.thresholds._map.click()
    driver.fake.hold_at = 2
    driver.press()
    stop_at(driver, 2)
    assert "2 of 4 tiles segmented and kept" in driver.message
    assert said(driver) == "2 cells"
    assert "from\N{NO-BREAK SPACE}2\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}4" in (
        driver.sections.run._result.text()
    )
    shown = driver.viewer.layers["cells distance"].data
    np.testing.assert_array_equal(shown[:64], fake_map(IMAGE)[:64])
    assert not shown[64:].any()
    assert cells_of(driver.labels("cells")) == 2
    driver.sections.thresholds._min_size.setValue(100_000)  # still live
    driver.at_rest()
    assert cells_of(driver.labels("cells")) == 0


def test_the_record_says_how_much_there_is_and_the_next_run_makes_it_whole(
    driver: DockDriver,
) -> None:
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    driver.sections.size.set_diameter(40.0)
    driver.fake.hold_at = 1
    driver.press()
    stop_at(driver, 1)

    def record() -> RunRecord:
        labels = driver.viewer.layers["cells labels"]
        return RunRecord.from_metadata(labels.metadata["dinocell"])

    assert record().tiles == (1, 4)
    driver.sections.run.copy_python.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert "1 of 4 tiles" in clipboard.text()
    driver.fake.hold_at = None
    driver.segment()
    assert record().tiles is None
    assert cells_of(driver.labels("cells")) == 4
    assert layer in driver.viewer.layers


def test_planes_that_were_done_are_kept_whole(driver: DockDriver) -> None:
    driver.viewer.add_image(np.stack([IMAGE] * 3), name="stack")
    driver.viewer.dims.set_point(0, 0)
    driver.sections.image.set_region("all")
    driver.fake.free_runs = 1
    driver.fake.hold_at = 2
    driver.press()
    stop_at(driver, 2, planes=1)
    assert "2 of 4 tiles of plane 2 of 3 segmented and kept" in driver.message
    assert said(driver) == "4 cells in this plane, 6 in 2 of 3 planes"


def test_stopped_before_the_first_tile_the_former_result_is_back(
    driver: DockDriver,
) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    former = driver.labels("cells").copy()
    driver.sections.size.set_diameter(40.0)
    driver.fake.hold_at = 0
    driver.press()
    driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 2)
    assert not driver.sections.run.keep.isVisibleTo(driver.dock)
    driver.controller.stop_and_keep()
    driver.wait_for_end()
    assert "Stopped. The former result is back." in driver.message
    np.testing.assert_array_equal(driver.labels("cells"), former)
