"""The dock from press to labels, with a model without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import CheckpointNotFoundError, PredictionError
from napari_dinocell.engine.instances.watershed import label_cells

from .dock_driver import DockDriver, cells_of
from .fakes import fake_map, spots

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
OTHER = spots((100, 120), [(50, 50)])


@pytest.fixture
def driver(make_napari_viewer: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_napari_viewer(), qtbot)


def test_nothing_can_be_segmented_without_an_image(driver: DockDriver) -> None:
    assert not driver.sections.run._button.isEnabled()
    driver.viewer.add_image(IMAGE, name="cells")
    assert driver.sections.run._button.isEnabled()


def test_press_gives_labels_and_map_over_the_image(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells", scale=(0.5, 0.5), translate=(3, 4))
    driver.segment()
    labels = driver.viewer.layers["cells labels"]
    assert cells_of(labels.data) == 4
    np.testing.assert_array_equal(labels.scale, (0.5, 0.5))
    np.testing.assert_array_equal(labels.translate, (3, 4))
    np.testing.assert_array_equal(
        driver.viewer.layers["cells distance"].data, fake_map(IMAGE)
    )
    assert driver.viewer.layers.selection.active.name == "cells"
    record = labels.metadata["dinocell"]
    assert record["kind"] == "labels"
    assert record["cells"] == 4
    assert record["device"] == "cpu"
    assert record["settings"]["watershed"]["seed_threshold"] > 0


def test_labels_grow_while_the_run_goes_on(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.qtbot.waitUntil(lambda: "cells labels" in driver.viewer.layers)
    driver.qtbot.waitUntil(lambda: cells_of(driver.labels("cells")) >= 1)
    assert driver.running
    assert cells_of(driver.labels("cells")) < 4
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert cells_of(driver.labels("cells")) == 4


def test_rerun_updates_the_same_layers(driver: DockDriver) -> None:
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    before = list(driver.viewer.layers)
    driver.viewer.layers["cells labels"].opacity = 0.3
    layer.data = OTHER
    driver.segment()
    assert list(driver.viewer.layers) == before
    assert cells_of(driver.labels("cells")) == 1
    assert driver.viewer.layers["cells labels"].opacity == 0.3


def test_cancel_brings_the_former_result_back(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    former = driver.labels("cells").copy()
    driver.sections.size.set_values({"cell_diameter": 40.0})
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.press()
    assert driver.sections.run._button.text().replace("&", "").startswith("Cancelling")
    driver.wait_for_end()
    np.testing.assert_array_equal(driver.labels("cells"), former)
    assert "former result" in driver.message
    assert driver.fake.closed == 2


def test_cancel_of_a_first_run_says_what_is_shown(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.press()
    driver.wait_for_end()
    assert "of 4 tiles" in driver.message
    assert not driver.sections.run._python.isEnabled()
    driver.fake.hold_at = None
    driver.segment()
    assert cells_of(driver.labels("cells")) == 4


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PredictionError("Memory does not suffice."), "Memory does not suffice."),
        (RuntimeError("CUDA error: device lost"), "device lost"),
        (ValueError("odd"), "odd"),
        (MemoryError(), "MemoryError"),
        (OSError("disk is gone"), "disk is gone"),
    ],
    ids=["ours", "torch", "value", "memory", "disk"],
)
def test_every_failure_is_told_and_leaves_the_former_result(
    driver: DockDriver, error: Exception, words: str
) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    former = driver.labels("cells").copy()
    driver.fake.fail_at, driver.fake.error = 2, error
    driver.segment()
    assert words in driver.message
    np.testing.assert_array_equal(driver.labels("cells"), former)
    driver.fake.fail_at = None
    driver.segment()
    assert cells_of(driver.labels("cells")) == 4


def test_failure_of_a_first_run_leaves_no_layers(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.fail_at, driver.fake.error = 2, RuntimeError("broken")
    driver.segment()
    assert [layer.name for layer in driver.viewer.layers] == ["cells"]
    assert "broken" in driver.message


def test_model_deleted_between_choice_and_run(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.holder.error = CheckpointNotFoundError("Expected a model, got nothing.")
    driver.segment()
    assert "Expected a model" in driver.message
    assert [layer.name for layer in driver.viewer.layers] == ["cells"]


def test_second_press_means_cancel_and_never_a_second_run(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.controller.segment()
    driver.controller.segment()
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert len(driver.fake.runs) == 1


def test_image_removed_in_the_middle(driver: DockDriver) -> None:
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.viewer.layers.remove(layer)
    driver.wait_for_end()
    assert "removed" in driver.message
    assert not driver.sections.run._button.isEnabled()


def test_result_layers_removed_in_the_middle_come_back(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.viewer.layers.remove("cells labels")
    driver.viewer.layers.remove("cells distance")
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert cells_of(driver.labels("cells")) == 4


def test_data_swapped_in_the_middle_gives_no_wrong_labels(driver: DockDriver) -> None:
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    layer.data = spots((64, 64), [(30, 30)])
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert [each.name for each in driver.viewer.layers] == ["cells"]
    assert "changed" in driver.message


def test_result_lands_on_its_image_whatever_is_selected_meanwhile(
    driver: DockDriver,
) -> None:
    first = driver.viewer.add_image(IMAGE, name="first")
    second = driver.viewer.add_image(OTHER, name="second")
    driver.viewer.layers.selection.active = first
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.viewer.layers.selection.active = second
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert cells_of(driver.labels("first")) == 4
    assert "second labels" not in driver.viewer.layers


def test_viewer_closed_in_the_middle(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.viewer.close()
    driver.qtbot.waitUntil(lambda: driver.fake.closed == 1)


def test_dock_closed_in_the_middle(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.viewer.window.remove_dock_widget(driver.dock)
    driver.qtbot.waitUntil(lambda: driver.fake.closed == 1)
    driver.wait_for_end()
    driver.dock.deleteLater()


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


@pytest.mark.parametrize(
    ("section", "values", "word"),
    [
        ("contrast", {"clahe": False}, "contrast"),
        ("size", {"cell_diameter": 50.0}, "size"),
    ],
)
def test_settings_that_need_a_new_map_mark_the_result_stale(
    driver: DockDriver, section: str, values: dict[str, Any], word: str
) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    assert driver.banner == ""
    former = driver.labels("cells").copy()
    part = getattr(driver.sections, section)
    part.set_values(values)
    part.changed.emit()
    assert word in driver.banner
    assert "Segment" in driver.banner
    np.testing.assert_array_equal(driver.labels("cells"), former)
    driver.segment()
    assert driver.banner == ""


def test_other_data_marks_the_result_stale(driver: DockDriver) -> None:
    layer = driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
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

    driver.qtbot.waitUntil(two_done, timeout=30_000)
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
    assert not driver.sections.run._python.isEnabled()
    driver.segment()
    driver.sections.run._python.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert "segment(" in clipboard.text()
    driver.sections.run._command.click()
    assert "dinocell segment" in clipboard.text()


def test_estimate_fills_the_diameter_in(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.sections.size.estimate_requested.emit()
    driver.qtbot.waitUntil(
        lambda: driver.sections.size.values()["cell_diameter"] == 17.0
    )
    driver.qtbot.waitUntil(lambda: not driver.dock.size_tools.busy)
    assert "cells labels" not in driver.viewer.layers


def test_settings_are_remembered_by_the_next_dock(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot
) -> None:
    first = DockDriver(make_napari_viewer(), qtbot)
    first.set_thresholds(0.77, 0.33)
    first.dock.memory.save()
    second = DockDriver(make_napari_viewer(), qtbot)
    values = second.sections.thresholds.values()
    assert values["seed_threshold"] == pytest.approx(0.77)
    second.sections.run.restore_requested.emit()
    second.dock.memory.save()
    info = second.sections.model.info()
    assert info is not None
    restored = second.sections.thresholds.values()
    assert restored["seed_threshold"] == pytest.approx(info.watershed.seed_threshold)


def test_nothing_overflows_a_narrow_dock(driver: DockDriver) -> None:
    assert driver.dock.minimumSizeHint().width() <= 300
