"""The distance map is a layer only while it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.widgets.layers.labels_source import distance_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

IMAGE = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    driver = DockDriver(make_viewer_model(), qtbot)
    driver.viewer.add_image(IMAGE, name="cells")
    return driver


def names(driver: DockDriver) -> list[str]:
    return [layer.name for layer in driver.viewer.layers]


def test_a_run_adds_the_labels_alone_and_they_know_their_map(
    driver: DockDriver,
) -> None:
    driver.segment()
    assert names(driver) == ["cells", "cells labels"]
    labels = driver.viewer.layers["cells labels"]
    read = distance_of(labels, driver.viewer.layers)
    assert read is not None
    np.testing.assert_array_equal(read(()), fake_map(IMAGE))


def test_the_map_comes_and_goes_with_its_tick(driver: DockDriver) -> None:
    driver.segment()
    tick = driver.sections.thresholds._map
    tick.click()
    assert names(driver) == ["cells", "cells distance", "cells labels"]
    shown = driver.viewer.layers["cells distance"]
    assert shown.visible
    np.testing.assert_array_equal(shown.data, fake_map(IMAGE))
    driver.sections.size.set_diameter(40.0)
    driver.segment()
    assert driver.viewer.layers["cells distance"] is shown
    tick.click()
    assert names(driver) == ["cells", "cells labels"]


def test_removing_the_layer_takes_the_tick_away(driver: DockDriver) -> None:
    tick = driver.sections.thresholds._map
    tick.click()
    driver.segment()
    driver.viewer.layers.remove("cells distance")
    assert not tick.isChecked()
    driver.segment()
    assert names(driver) == ["cells", "cells labels"]


def test_the_map_grows_while_the_run_goes_on(driver: DockDriver) -> None:
    driver.sections.thresholds._map.click()
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    shown = driver.viewer.layers["cells distance"].data
    np.testing.assert_array_equal(shown[:64], fake_map(IMAGE)[:64])
    driver.fake.hold_at = None
    driver.wait_for_end()
    np.testing.assert_array_equal(shown, fake_map(IMAGE))
