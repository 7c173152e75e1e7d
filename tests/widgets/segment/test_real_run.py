"""The dock with the bundled model, from end to end, and many times over."""

from __future__ import annotations

import gc
import json
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from tests.widgets.drivers.dock_driver import DockDriver, cells_of
from tests.widgets.drivers.fakes import spots

from napari_dinocell import segment
from napari_dinocell.sample import load_sample
from napari_dinocell.session.model_slot import ModelSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def test_run_drag_cancel_rerun_with_the_bundled_model(driver: DockDriver) -> None:
    """What a microscopist does, with the labels of the library as the measure."""
    driver.session.model = ModelSlot()
    image = load_sample()[0][:80, :104]
    driver.viewer.add_image(image, name="cells")
    driver.segment()
    np.testing.assert_array_equal(driver.labels("cells"), segment(image))
    assert cells_of(driver.labels("cells")) > 10

    driver.set_thresholds(0.7, 0.3)
    driver.at_rest()
    expected = segment(image, seed_threshold=0.7, foreground_threshold=0.3)
    np.testing.assert_array_equal(driver.labels("cells"), expected)

    large = driver.viewer.add_image(np.tile(image, (5, 5)), name="large")
    driver.viewer.layers.selection.active = large
    driver.sections.size.set_diameter(11.0)
    driver.press()
    driver.wait_for_tiles()
    driver.press()
    driver.wait_for_end()
    assert "Cancelled" in driver.message

    driver.sections.image.set_layer(driver.viewer.layers["cells"])
    driver.segment()
    expected = segment(
        image, cell_diameter=11.0, seed_threshold=0.7, foreground_threshold=0.3
    )
    np.testing.assert_array_equal(driver.labels("cells"), expected)
    record = driver.viewer.layers["cells labels"].metadata["dinocell"]
    assert json.loads(json.dumps(record))["cells"] == cells_of(expected)
    driver.sections.model.unload_requested.emit()
    assert not driver.session.model.loaded


def test_fifty_runs_leave_neither_threads_nor_memory(driver: DockDriver) -> None:
    driver.viewer.add_image(spots((512, 512), [(60, 60), (150, 100)]), name="cells")
    threads, memory = [], []
    for number in range(50):
        driver.press()
        if number % 2:
            driver.press()
        driver.wait_for_end()
        if number % 10 == 9:
            driver.at_rest()
            gc.collect()
            threads.append(threading.active_count())
            memory.append(psutil.Process().memory_info().rss / 2**20)
    assert driver.fake.closed == len(driver.fake.runs)
    assert threads[-1] <= threads[0]
    assert memory[-1] - memory[0] < 20  # MiB; one leaked result per run would be 80
