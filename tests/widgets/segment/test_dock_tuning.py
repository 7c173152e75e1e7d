"""Tuning a result in the dock: thresholds, planes, regions, channels, settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication
from tests.widgets.drivers.dock_driver import DockDriver, cells_of
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.config import ContrastConfig, Limits, WatershedConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.widgets.segment.contrast_preview import LAYER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
OTHER = spots((100, 120), [(50, 50)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


# -- thresholds


def test_dragging_a_slider_changes_the_labels_at_once(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    before = driver.labels("cells").copy()
    driver.set_thresholds(0.9, 0.6)
    driver.at_rest()
    after = driver.labels("cells")
    expected = label_cells(
        fake_map(IMAGE), WatershedConfig(seed_threshold=0.9, foreground_threshold=0.6)
    )
    np.testing.assert_array_equal(after, expected)
    np.testing.assert_array_equal(after[after > 0], before[after > 0])
    settings = driver.viewer.layers["cells labels"].metadata["dinocell"]["settings"]
    assert settings["watershed"]["seed_threshold"] == 0.9
    assert len(driver.fake.runs) == 1
    assert driver.banner == ""


def test_slider_moved_during_a_run_counts_at_its_end(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.set_thresholds(0.9, 0.8)
    driver.fake.hold_at = None
    driver.wait_for_end()
    driver.at_rest()
    expected = label_cells(
        fake_map(IMAGE), WatershedConfig(seed_threshold=0.9, foreground_threshold=0.8)
    )
    np.testing.assert_array_equal(driver.labels("cells"), expected)


def test_settings_that_need_a_new_map_mark_the_result_stale(
    driver: DockDriver,
) -> None:
    """Until they are segmented with; other data does so, too."""
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    assert driver.banner == ""
    former = driver.labels("cells").copy()
    contrast, size = driver.sections.contrast, driver.sections.size

    def without_clahe() -> None:
        contrast.set_config(ContrastConfig(clahe=False))
        contrast.changed.emit()

    def larger_cells() -> None:
        size.set_diameter(50.0)
        size.changed.emit()

    changes = {
        "contrast": without_clahe,
        "size": larger_cells,
        "averaging": lambda: driver.sections.model._augment.setValue(2),
    }
    for word, change in changes.items():
        change()
        assert word in driver.banner
        assert "Segment" in driver.banner
        np.testing.assert_array_equal(driver.labels("cells"), former, word)
        driver.segment()
        assert driver.banner == "", word
    layer.data = OTHER
    assert "data" in driver.banner


# -- planes, regions, channels


def test_shown_plane_of_a_stack_and_then_all(driver: DockDriver) -> None:
    stack = np.stack([IMAGE, OTHER, IMAGE[::-1]])
    driver.viewer.add_image(stack, name="movie")
    driver.viewer.dims.set_current_step(0, 1)
    driver.segment()
    assert [cells_of(plane) for plane in driver.labels("movie")] == [0, 1, 0]
    driver.sections.image.set_region("all")
    driver.segment()
    assert [cells_of(plane) for plane in driver.labels("movie")] == [4, 1, 4]
    assert [c.cell_diameter for c in driver.fake.runs] == ["auto", "auto", 17.0, 17.0]


def test_thresholds_reach_all_planes(driver: DockDriver) -> None:
    stack = np.stack([IMAGE, OTHER])
    driver.viewer.add_image(stack, name="movie")
    driver.sections.image.set_region("all")
    driver.segment()
    driver.set_thresholds(0.9, 0.8)
    driver.at_rest()
    config = WatershedConfig(seed_threshold=0.9, foreground_threshold=0.8)
    for index in range(2):
        np.testing.assert_array_equal(
            driver.labels("movie")[index], label_cells(fake_map(stack[index]), config)
        )


def test_cancelled_stack_keeps_its_finished_planes(driver: DockDriver) -> None:
    driver.viewer.add_image(np.stack([IMAGE] * 6), name="movie")
    driver.sections.image.set_region("all")
    driver.fake.hold_at, driver.fake.free_runs = 2, 2
    driver.press()

    def two_done() -> bool:
        run = driver.controller.runner.run
        return run is not None and run.planes_done >= 2

    driver.qtbot.waitUntil(two_done)
    driver.press()
    driver.wait_for_end()
    counts = [cells_of(plane) for plane in driver.labels("movie")]
    assert counts[:2] == [4, 4]
    assert counts[-1] == 0
    assert "of 6 planes" in driver.message


def test_rgb_image(driver: DockDriver) -> None:
    rgb = np.repeat((IMAGE // 4).astype(np.uint8)[..., None], 3, axis=-1)
    driver.viewer.add_image(rgb, name="histology")
    driver.segment()
    assert driver.labels("histology").shape == (100, 120)
    assert cells_of(driver.labels("histology")) == 4


def test_channel_axis_is_left_out_of_the_result(driver: DockDriver) -> None:
    channels = np.stack([OTHER, IMAGE])
    driver.viewer.add_image(channels, name="two")
    driver.sections.image._channels._axes.setCurrentIndex(1)
    driver.segment()
    assert driver.labels("two").shape == (100, 120)
    assert driver.fake.images[0].shape == (2, 100, 120)


def test_visible_region_only(driver: DockDriver) -> None:
    layer = driver.viewer.add_image(np.tile(IMAGE, (4, 4)), name="large")
    driver.look((200, 240), zoom=20)
    driver.sections.image.set_region("view")
    driver.segment()
    image = driver.fake.images[0]
    assert image.shape[0] < layer.data.shape[0]
    record = driver.viewer.layers["large labels"].metadata["dinocell"]
    (top, bottom), (left, right) = record["region"]
    assert image.shape == (bottom - top, right - left)
    assert driver.labels("large")[:top].max(initial=0) == 0


def test_nothing_in_view_is_said_before_any_work(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.look((1e5, 1e5), zoom=20)
    driver.sections.image.set_region("view")
    driver.press()
    assert "in view" in driver.message
    assert not driver.running
    assert driver.fake.runs == []


# -- the rest of the dock


def test_copies_are_there_once_there_is_a_result(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    assert not driver.sections.run.copy_python.isEnabled()
    driver.segment()
    driver.sections.run.copy_python.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert "segment(" in clipboard.text()
    driver.sections.run.copy_command.click()
    assert "dinocell segment" in clipboard.text()


def test_estimate_fills_the_diameter_in(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.sections.size.estimate.click()
    driver.qtbot.waitUntil(lambda: driver.sections.size.diameter() == 17.0)
    driver.qtbot.waitUntil(lambda: not driver.dock.size_tools.busy)
    assert "cells labels" not in driver.viewer.layers


OWN_CONTRAST = ContrastConfig(robust=False, limits=(0.1234567891, 4000), window=64)


def test_settings_are_remembered_by_the_next_dock(
    make_viewer_model: Callable[..., Any], qtbot: QtBot
) -> None:
    """Thresholds, contrast and averaging, until the defaults are restored."""
    first = DockDriver(make_viewer_model(), qtbot)
    first.set_thresholds(0.77, 0.33)
    first.sections.contrast.set_config(OWN_CONTRAST)
    first.sections.model.set_augment(5)
    first.dock.memory.save()
    second = DockDriver(make_viewer_model(), qtbot)
    tuned = second.sections.thresholds.config()
    assert tuned.seed_threshold == pytest.approx(0.77)
    config = second.sections.config()
    assert (config.contrast, config.augment) == (OWN_CONTRAST, 5)
    second.sections.run.restore.click()
    second.dock.memory.save()
    info = second.sections.model.info()
    assert info is not None
    restored = second.sections.thresholds.config()
    assert restored.seed_threshold == pytest.approx(info.watershed.seed_threshold)
    assert second.sections.contrast.config() == info.run_contrast
    assert second.sections.config().augment == 1


def test_copies_and_other_docks_get_contrast_and_averaging(driver: DockDriver) -> None:
    """As chosen in the dock: for the run, its copies, and for Batch."""
    driver.sections.contrast.set_config(OWN_CONTRAST)
    driver.sections.model._augment.setValue(4)
    chosen = driver.session.choice
    assert chosen is not None
    assert chosen.settings is not None
    assert (chosen.settings.contrast, chosen.settings.augment) == (OWN_CONTRAST, 4)
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    assert driver.fake.runs[-1].augment == 4
    assert driver.fake.runs[-1].contrast == OWN_CONTRAST
    driver.dock.status.copy_command()
    command = QApplication.clipboard().text()
    for option in ("--augment 4", "--limits 0.1234567891,4000", "--no-robust"):
        assert option in command
    driver.dock.status.copy_python()
    script = QApplication.clipboard().text()
    for setting in ("augment=4", "limits=(0.1234567891, 4000)", "robust=False"):
        assert setting in script


def test_limits_of_all_planes_are_numbers_in_copies(driver: DockDriver) -> None:
    """So that they make the same labels of any plane alone."""
    driver.sections.contrast.set_config(ContrastConfig(limits="all"))
    driver.viewer.add_image(np.stack([IMAGE, IMAGE * 3]), name="cells")
    driver.segment()
    assert driver.fake.runs[-1].contrast.limits == (100.0, 3000.0)
    assert driver.banner == ""
    settings = driver.viewer.layers["cells labels"].metadata["dinocell"]["settings"]
    assert list(settings["contrast"]["limits"]) == [100.0, 3000.0]
    driver.dock.status.copy_command()
    assert "--limits 100.0,3000.0" in QApplication.clipboard().text()
    driver.dock.status.copy_python()
    assert "limits=(100.0, 3000.0)" in QApplication.clipboard().text()


def test_what_the_network_sees_follows_the_limits(driver: DockDriver) -> None:
    driver.viewer.add_image(np.stack([IMAGE, IMAGE * 3]), name="cells")
    driver.viewer.dims.set_point(0, 0)
    plain = ContrastConfig(clahe=False, robust=False)
    limits: dict[Limits, tuple[float, float]] = {
        "all": (100.0, 3000.0),
        (0, 2000): (0, 2000),
        "image": (100.0, 1000.0),
    }
    for chosen, used in limits.items():
        driver.sections.contrast.set_config(replace(plain, limits=chosen))
        driver.sections.contrast._preview.click()
        driver.qtbot.waitUntil(lambda: LAYER_NAME in driver.viewer.layers)
        expected = adjust_contrast(IMAGE, replace(plain, limits=used)).image
        np.testing.assert_array_equal(driver.viewer.layers[LAYER_NAME].data, expected)
        driver.sections.contrast._preview.click()
        driver.qtbot.waitUntil(lambda: LAYER_NAME not in driver.viewer.layers)


def test_nothing_overflows_a_narrow_dock(driver: DockDriver) -> None:
    assert driver.dock.minimumSizeHint().width() <= 300
