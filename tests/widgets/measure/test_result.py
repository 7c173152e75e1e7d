"""The Measure dock beside the Segment dock: confidence, and labels that move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots
from tests.widgets.drivers.measure_driver import MeasureDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

IMAGE = spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def docks(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> tuple[DockDriver, MeasureDriver]:
    viewer = make_viewer_model_proxy()
    segment, measure = DockDriver(viewer, qtbot), MeasureDriver(viewer, qtbot)
    viewer.add_image(IMAGE, name="cells")
    segment.set_thresholds(0.5, 0.1)
    segment.segment()
    segment.at_rest()
    measure.measure()
    return segment, measure


def test_results_are_measured_with_their_confidence(
    docks: tuple[DockDriver, MeasureDriver],
) -> None:
    segment, measure = docks
    labels, peaks = segment.labels("cells"), fake_map(IMAGE)
    cells = measure.values("label")
    assert len(cells) == 4
    expected = [peaks[labels == cell].max() for cell in cells]
    np.testing.assert_allclose(measure.values("confidence"), expected)
    assert measure.controller.measurement is not None
    assert "cells_mean" in measure.controller.measurement.columns


def test_moved_thresholds_make_numbers_stale_until_they_come_back(
    docks: tuple[DockDriver, MeasureDriver],
) -> None:
    segment, measure = docks
    before = measure.controller.measurement
    segment.set_thresholds(0.5, 0.4)
    measure.wait(lambda: bool(measure.stale))
    segment.set_thresholds(0.5, 0.1)
    measure.wait(lambda: not measure.stale)
    assert measure.controller.measurement is before


def test_removal_after_a_run_can_be_undone(
    docks: tuple[DockDriver, MeasureDriver],
) -> None:
    segment, measure = docks
    before = segment.labels("cells").copy()
    low, high = measure.column.ends()
    measure.brush("cells_integrated", low, high)
    measure.brush("centroid_y_px", 0, 60)
    measure.column.remove.click()
    measure.at_rest()
    assert len(measure.values("label")) == 2
    measure.column.undo.click()
    measure.at_rest()
    np.testing.assert_array_equal(segment.labels("cells"), before)
