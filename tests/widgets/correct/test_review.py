"""Going through doubtful cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.correct_driver import CorrectDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


def plane() -> np.ndarray:
    """Sixteen round cells, the third tiny and the twelfth large."""
    labels = np.zeros((200, 200), np.int32)
    rows, columns = np.indices(labels.shape)
    for number in range(16):
        y, x = 25 + 50 * (number // 4), 25 + 50 * (number % 4)
        radius = {2: 2, 11: 20}.get(number, 10 + number % 2)
        labels[np.hypot(rows - y, columns - x) < radius] = number + 1
    return labels


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> CorrectDriver:
    viewer = make_viewer_model_proxy()
    viewer.add_labels(plane(), name="cells")
    return CorrectDriver(viewer, qtbot)


def look(driver: CorrectDriver) -> None:
    driver.sections.review.next.click()
    driver.qtbot.waitUntil(lambda: not driver.dock.review.jobs.busy)


def test_next_goes_from_doubt_to_doubt(driver: CorrectDriver) -> None:
    review = driver.sections.review
    look(driver)
    assert review.remaining() == "2 doubtful cells left"
    assert review.reason() == "Cell 3: unusual size"
    assert driver.layer.selected_label == 3
    camera = getattr(driver.viewer, "scene", driver.viewer).camera
    assert camera.center[-2:] == pytest.approx((25, 125), abs=1)
    driver.key("N")
    assert review.reason() == "Cell 12: unusual size"
    assert camera.center[-2:] == pytest.approx((125, 175), abs=1)
    driver.key("N")
    assert review.reason() == "Cell 3: unusual size"
    driver.key("Shift-N")
    assert review.reason() == "Cell 12: unusual size"


def test_accepted_and_corrected_cells_are_done(driver: CorrectDriver) -> None:
    review = driver.sections.review
    look(driver)
    driver.key("G")
    assert driver.locked == {3}
    assert review.remaining() == "1 doubtful cell left"
    assert review.reason() == "Cell 12: unusual size"
    driver.session.click("delete", 12)
    driver.key("N")
    assert review.remaining() == "No doubtful cell is left in this plane."
    assert review.reason() == ""
    assert not review.accept.isEnabled()


def test_other_labels_are_looked_at_anew(driver: CorrectDriver) -> None:
    look(driver)
    driver.viewer.add_labels(np.zeros((50, 50), np.int32), name="empty")
    assert "looks for doubtful cells" in driver.sections.review.remaining()
    look(driver)
    assert driver.sections.review.remaining().startswith("No doubtful cell")
    driver.viewer.layers.clear()
    assert not driver.sections.review.next.isEnabled()


def test_a_layer_removed_while_it_is_looked_at(driver: CorrectDriver) -> None:
    driver.sections.review.next.click()
    driver.viewer.layers.clear()
    driver.qtbot.waitUntil(lambda: not driver.dock.review.jobs.busy)
    assert len(driver.viewer.layers) == 0
