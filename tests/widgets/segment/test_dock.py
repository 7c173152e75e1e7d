"""The dock from press to labels, with a model without a network."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.conftest import PATIENCE
from tests.widgets.drivers.dock_driver import DockDriver, cells_of
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.errors import CheckpointNotFoundError, PredictionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
OTHER = spots((100, 120), [(50, 50)])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


@pytest.fixture
def on_screen(lend_viewer: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    """In napari's own window."""
    return DockDriver(lend_viewer(), qtbot)


def test_nothing_can_be_segmented_without_an_image(driver: DockDriver) -> None:
    size = driver.sections.size
    buttons = [driver.sections.run._button, size.estimate, size._draw]
    assert not any(button.isEnabled() for button in buttons)
    driver.viewer.add_image(IMAGE, name="cells")
    assert all(button.isEnabled() for button in buttons)


def test_press_gives_labels_and_map_over_the_image(on_screen: DockDriver) -> None:
    driver = on_screen
    driver.viewer.add_image(IMAGE, name="cells", scale=(0.5, 0.5), translate=(3, 4))
    driver.sections.thresholds._map.click()
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


def test_a_map_that_is_known_is_shown_without_tiles(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    driver.viewer.layers.remove("cells labels")
    driver.fake.knows_map = True
    driver.sections.thresholds._map.click()
    driver.segment()
    assert cells_of(driver.labels("cells")) == 4
    shown = driver.viewer.layers["cells distance"].data
    np.testing.assert_array_equal(shown, fake_map(IMAGE))
    assert driver.message == ""
    assert driver.sections.run._result.text().startswith("4")
    assert not driver.sections.run._bar.isVisibleTo(driver.dock)


def test_cancel_says_what_is_shown_and_brings_the_former_result_back(
    driver: DockDriver,
) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.press()
    driver.wait_for_end()
    assert "of 4 tiles" in driver.message
    assert not driver.sections.run.copy_python.isEnabled()
    driver.fake.hold_at = None
    driver.segment()
    former = driver.labels("cells").copy()
    assert cells_of(former) == 4
    driver.sections.size.set_diameter(40.0)
    driver.fake.hold_at = 2
    driver.press()
    driver.wait_for_tiles(2)
    driver.press()
    assert driver.sections.run._button.text().replace("&", "").startswith("Cancelling")
    driver.wait_for_end()
    np.testing.assert_array_equal(driver.labels("cells"), former)
    assert "former result" in driver.message
    assert driver.fake.closed == 3


def test_cancel_that_comes_too_late_leaves_the_new_result(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    over = threading.Event()
    jobs = driver.session.jobs
    jobs.changed.connect(lambda: None if jobs.job else over.set())
    driver.press()
    assert over.wait(PATIENCE)  # the worker is done, and nothing of it was heard yet
    driver.press()
    driver.wait_for_end()
    assert cells_of(driver.labels("cells")) == 4
    assert driver.message == ""
    assert driver.sections.run.copy_python.isEnabled()


def test_every_failure_is_told_and_leaves_the_former_result(
    driver: DockDriver,
) -> None:
    failures = [
        (PredictionError("Memory does not suffice."), "Memory does not suffice."),
        (RuntimeError("CUDA error: device lost"), "device lost"),
        (ValueError("odd"), "odd"),
        (MemoryError(), "MemoryError"),
        (OSError("disk is gone"), "disk is gone"),
    ]
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    former = driver.labels("cells").copy()
    for error, words in failures:
        driver.fake.fail_at, driver.fake.error = 2, error
        driver.segment()
        assert words in driver.message
        np.testing.assert_array_equal(driver.labels("cells"), former, words)
        driver.fake.fail_at = None
        driver.segment()
        assert cells_of(driver.labels("cells")) == 4
        assert words not in driver.message


def test_failure_of_a_first_run_leaves_no_layers(driver: DockDriver) -> None:
    """In the middle, or since the model was deleted between choice and run."""
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.fail_at, driver.fake.error = 2, RuntimeError("broken")
    driver.segment()
    assert [layer.name for layer in driver.viewer.layers] == ["cells"]
    assert "broken" in driver.message
    driver.fake.fail_at = None
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


def test_ended_before_its_tiles_a_first_run_leaves_no_layer(
    driver: DockDriver,
) -> None:
    layers = driver.viewer.layers
    driver.viewer.add_image(IMAGE, name="cells")
    driver.fake.hold_at = 0
    driver.press()
    assert "cells labels" in layers  # at once, while the model is loaded
    driver.press()
    driver.wait_for_end()
    assert [layer.name for layer in layers] == ["cells"]
    assert "Cancelled" in driver.message
    driver.press()
    layers.remove("cells")
    driver.wait_for_end()
    assert list(layers) == []


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


def test_viewer_closed_in_the_middle(on_screen: DockDriver) -> None:
    driver = on_screen
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
