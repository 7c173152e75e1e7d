"""Find: a cell that the thresholds have missed, by a click or a box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.correct_driver import CorrectDriver
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots

from napari_dinocell.engine.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
FAINT = 1
"""The spot that thresholds miss."""


class Both:
    """A segmented image whose second cell was lost, and the Correct dock."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.segment = DockDriver(viewer, qtbot)
        viewer.add_image(IMAGE, name="cells")
        self.segment.segment()
        labels = viewer.layers["cells labels"]
        self.whole = labels.data.copy()
        stack = next(iter(self.segment.session.results.values())).stack
        self.cell = int(self.whole[CENTRES[FAINT]])
        stack.maps[self.whole == self.cell] *= 0.4
        stack.labels[self.whole == self.cell] = 0
        viewer.layers.selection.active = labels
        self.correct = CorrectDriver(viewer, qtbot)
        self.viewer = viewer

    @property
    def labels(self) -> np.ndarray:
        return self.correct.labels

    @property
    def new(self) -> np.ndarray:
        """(Y, X): the cell that was found."""
        return np.asarray((self.labels > 0) & (self.whole == self.cell))


@pytest.fixture
def both(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> Both:
    return Both(make_viewer_model_proxy(), qtbot)


def test_a_click_and_a_box_find_the_cell_and_are_undone(both: Both) -> None:
    """The cell is kept while thresholds move, and undo takes that back, too."""
    driver, centre = both.correct, CENTRES[FAINT]
    former = both.labels.copy()
    y, x = centre
    driver.press("find")
    for use in (
        lambda: driver.click(centre),
        lambda: driver.drag((y - 12, x - 12), (y + 12, x + 12)),
    ):
        use()
        found = both.labels.copy()
        assert driver.message == ""
        new = found[centre]
        assert new > former.max()
        assert driver.kept == {new}
        np.testing.assert_array_equal(found[found != new], former[found != new])
        assert both.new.sum() > 0.6 * (both.whole == both.cell).sum()
        both.segment.set_thresholds(0.8, 0.3)
        both.segment.at_rest()
        np.testing.assert_array_equal(both.labels == new, found == new)
        both.segment.set_thresholds(0.47, 0.09)
        both.segment.at_rest()
        driver.sections.tools.undo.click()
        assert driver.kept == set()
        np.testing.assert_array_equal(both.labels, former)
        driver.sections.tools.redo.click()
        np.testing.assert_array_equal(both.labels, found)
        driver.sections.tools.undo.click()


def test_clicks_on_cells_and_on_nothing_say_so(both: Both) -> None:
    driver = both.correct
    former = both.labels.copy()
    driver.press("find")
    driver.click(CENTRES[0])
    assert "Expected a click on background" in driver.message
    driver.click((5, 110))
    assert "seen nothing here" in driver.message
    np.testing.assert_array_equal(both.labels, former)


def test_a_map_needs_no_layer_and_labels_without_one_are_told(
    both: Both,
) -> None:
    driver = both.correct
    driver.session.find(CENTRES[FAINT])
    assert both.new.any()
    both.viewer.add_labels(np.zeros((20, 20), np.int32), name="mine")
    both.viewer.layers.selection.active = both.viewer.layers["mine"]
    with pytest.raises(EditError, match="Segment the image"):
        driver.session.find((5, 5))
