"""Nuclei in the Measure dock: layers to choose from, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.widgets.drivers.measure_driver import SIDES, MeasureDriver, squares

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


def test_a_second_layer_of_labels_can_be_the_nuclei(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    viewer = make_viewer_model_proxy()
    nuclei = np.where(squares() == 40, 3, 0)
    nuclei[0, 0] = 1
    viewer.add_labels(nuclei, name="nuclei")
    viewer.add_labels(squares()[1:], name="elsewhere")
    cells = viewer.add_labels(squares(), name="cells")
    driver = MeasureDriver(viewer, qtbot)
    choice = driver.sections.choice._nuclei
    assert [choice.itemText(row) for row in range(choice.count())] == ["None", "nuclei"]
    driver.measure()
    assert "area_px" in cells.features
    choice.setCurrentIndex(1)
    driver.at_rest()
    assert "stale" in driver.stale
    driver.measure()
    assert driver.message == (
        "4 cells measured. 1 cell with a nucleus, 3 without; 1 nucleus without a cell."
    )
    assert driver.values("nuclei") == [0, 0, 0, 1]
    assert cells.features["nucleus_area_px"].dropna().tolist() == [SIDES[40] ** 2]
    driver.controller.go_to(3)
    assert cells.selected_label == 40
    choice.setCurrentIndex(0)
    driver.at_rest()
    assert driver.message == "4 cells measured"
    choice.setCurrentIndex(1)
    driver.at_rest()
    viewer.layers.remove("nuclei")
    driver.at_rest()
    assert driver.sections.choice.nuclei() is None
    assert not driver.sections.choice._nuclei_row.isVisibleTo(driver.dock)
    assert driver.message == "4 cells measured"
