"""Region: volume, in the dock: cells through slices, live, and in what is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.volume.volume_map import join_slices
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.widgets.segment.as_volume import middle_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

SLICES = [
    [(50, 60), (80, 20)],
    [(50, 61), (80, 20)],
    [(51, 61)],
    [(51, 62), (20, 100)],
]
STACK = np.stack([spots((100, 120), centres) for centres in SLICES])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def show(driver: DockDriver, **more: Any) -> Any:
    layer = driver.viewer.add_image(STACK, name="stack", **{"scale": (3, 1, 1)} | more)
    driver.sections.image.set_region("volume")
    return layer


def expected(thresholds: WatershedConfig, bridge: int = 1) -> np.ndarray:
    maps = np.stack([fake_map(plane) for plane in STACK])
    return label_cells(join_slices(maps, z_spacing=3.0, bridge=bridge), thresholds)


def test_cells_go_through_slices_and_follow_the_sliders(driver: DockDriver) -> None:
    show(driver)
    driver.segment()
    driver.at_rest()
    requests = driver.controller.requests
    found = driver.labels("stack")
    np.testing.assert_array_equal(found, expected(requests.thresholds()))
    assert found[0, 50, 60] == found[3, 51, 62] > 0
    record = driver.viewer.layers["stack labels"].metadata["dinocell"]
    assert record["plane"] is None
    assert record["cells"] == 3
    line = driver.sections.run._result.text().replace("\N{NO-BREAK SPACE}", " ")
    assert line.startswith("3 cells, ")  # not "in this plane"
    stack = record["settings"]["stack"]
    assert (stack["volume"], stack["z_spacing"]) == (True, 3.0)
    moved = WatershedConfig(seed_threshold=0.9, foreground_threshold=0.6)
    driver.sections.thresholds.set_config(moved)
    driver.controller.follow_settings()
    driver.at_rest()
    np.testing.assert_array_equal(driver.labels("stack"), expected(moved))


def test_volumes_have_controls_of_their_own(driver: DockDriver) -> None:
    show(driver)
    sections, rows = driver.sections, driver.sections.thresholds.volume
    regions = sections.image._regions._extent
    regions.setCurrentIndex(regions.findData("plane"))
    assert rows.isHidden()
    regions.setCurrentIndex(regions.findData("volume"))
    assert not rows.isHidden()
    driver.segment()
    rows._extent.setValue(4)
    rows._parting.set_value(0.6)
    rows._bridge.setValue(0)
    driver.at_rest()
    thresholds = driver.controller.requests.thresholds()
    assert (thresholds.min_z_extent, thresholds.parting) == (4, 0.6)
    found = driver.labels("stack")
    np.testing.assert_array_equal(found, expected(thresholds, bridge=0))
    assert len(np.unique(found)) == 2
    driver.dock.status.copy_command()
    command = QApplication.clipboard().text()
    for option in ("--volume", "--bridge 0", "--min-z-extent 4", "--parting 0.6"):
        assert option in command
    driver.dock.memory.restore_defaults()
    driver.at_rest()
    thresholds = driver.controller.requests.thresholds()
    np.testing.assert_array_equal(driver.labels("stack"), expected(thresholds))


def test_frames_and_slices_without_a_distance_are_told(driver: DockDriver) -> None:
    layer = show(driver, axis_labels=("t", "y", "x"))
    requests = driver.controller.requests
    source = requests.source(layer)
    with pytest.raises(ImageError, match="frames of a time-lapse"):
        requests.request(layer, source, requests.thresholds)  # type: ignore[arg-type]
    layer.axis_labels = ("z", "y", "x")
    layer.scale = (2000, 1, 1)
    with pytest.raises(SettingsError, match="z spacing"):
        requests.request(layer, source, requests.thresholds)  # type: ignore[arg-type]


def test_the_middle_slice_comes_first() -> None:
    planes = tuple((t, z) for t in range(2) for z in range(3))
    assert middle_first(planes) == ((0, 1), (0, 0), (0, 2), (1, 0), (1, 1), (1, 2))
