"""Corrections of a result against sliders, new runs, other frames and the brush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver, cells_of
from tests.widgets.drivers.fakes import spots

from napari_dinocell.widgets.correct.dock import CorrectDock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)


class Both:
    """The Segment dock and, where it is wanted, the Correct dock."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.segment = DockDriver(viewer, qtbot)
        self.viewer = viewer
        self.name = "cells"

    def open_correct(self) -> CorrectDock:
        dock = CorrectDock(self.viewer)
        self.viewer.window.add_dock_widget(dock, name="Correct")
        self.viewer.layers.selection.active = self.viewer.layers["cells labels"]
        return dock

    @property
    def labels(self) -> np.ndarray:
        return self.segment.labels(self.name)

    def at(self, number: int, plane: int | None = None) -> int:
        labels = self.labels if plane is None else self.labels[plane]
        return int(labels[CENTRES[number]])

    def move_sliders(self) -> None:
        for seed, foreground in ((0.9, 0.7), (0.3, 0.01), (0.6, 0.4)):
            self.segment.set_thresholds(seed, foreground)
            self.segment.at_rest()


@pytest.fixture
def both(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> Both:
    return Both(make_viewer_model(), qtbot)


def session_of(dock: CorrectDock) -> Any:
    assert dock.controller.session is not None
    return dock.controller.session


def test_corrected_cells_survive_sliders_and_reruns(both: Both) -> None:
    """Merged, split and deleted cells stay; the others follow the thresholds."""
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    session = session_of(both.open_correct())
    first, second, third, fourth = (both.at(n) for n in range(4))
    session.merge([first, second])
    session.draw("split", [(80, 5), (80, 35)])
    session.click("delete", fourth)
    kept = np.isin(both.labels, [first, third, session._largest]) | (both.labels == 0)
    former = both.labels.copy()
    assert cells_of(former) == 3
    for disturb in (both.move_sliders, both.segment.segment):
        disturb()
        inside = kept & (former > 0)
        np.testing.assert_array_equal(both.labels[inside], former[inside])
        assert both.at(3) == 0
        assert cells_of(both.labels) == 3
    settings = both.viewer.layers["cells labels"].metadata["dinocell"]
    assert settings["cells"] == 3


def test_a_rerun_that_fails_or_is_cancelled_leaves_corrections(both: Both) -> None:
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    session = session_of(both.open_correct())
    session.merge([both.at(0), both.at(1)])
    session.click("delete", both.at(3))
    former = both.labels.copy()
    both.segment.fake.hold_at = 2
    both.segment.press()
    both.segment.wait_for_tiles(1)
    session.click("delete", both.at(1))  # while the run goes on
    both.segment.press()
    both.segment.wait_for_end()
    expected = np.where(former == former[CENTRES[0]], 0, former)
    np.testing.assert_array_equal(both.labels, expected)
    both.segment.fake.fail_at, both.segment.fake.error = 1, ValueError("broken")
    both.segment.fake.hold_at = None
    both.segment.segment()
    np.testing.assert_array_equal(both.labels, expected)


def test_a_locked_cell_is_not_touched_by_a_run_under_way(both: Both) -> None:
    """Also while tiles arrive."""
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    session = session_of(both.open_correct())
    cell = both.at(0)
    session.set_locked([cell], True)
    mask = both.labels == cell
    both.segment.fake.hold_at = 1
    both.segment.press()
    both.segment.wait_for_tiles(1)
    np.testing.assert_array_equal(both.labels == cell, mask)
    both.segment.fake.hold_at = None
    both.segment.wait_for_end()
    np.testing.assert_array_equal(both.labels == cell, mask)
    assert cells_of(both.labels) == 4


def test_painted_pixels_survive_without_the_correct_dock(both: Both) -> None:
    """napari's brush, bucket and eraser on a result."""
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    layer = both.viewer.layers["cells labels"]
    layer.brush_size = 6
    layer.paint((30, 90), 77)
    layer.paint((15, 20), 0)
    layer.fill((85, 100), 99)
    former = both.labels.copy()
    both.move_sliders()
    both.segment.segment()
    for value in (77, 99, int(former[15, 14])):
        np.testing.assert_array_equal(both.labels == value, former == value)
    assert both.at(0) == 0


def test_undone_corrections_follow_the_thresholds_again(both: Both) -> None:
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    session = session_of(both.open_correct())
    session.merge([both.at(0), both.at(1)])
    session.step("undo")
    both.segment.set_thresholds(0.9, 0.7)
    both.segment.at_rest()
    corrected = both.labels.copy()
    session.unlock_all()
    both.segment.set_thresholds(0.9, 0.71)
    both.segment.set_thresholds(0.9, 0.7)
    both.segment.at_rest()
    np.testing.assert_array_equal(both.labels, corrected)


def test_corrections_of_a_stack_belong_to_their_plane(both: Both) -> None:
    """Other frames are relabelled as ever, linked or not."""
    both.viewer.add_image(np.stack([IMAGE] * 3), name="cells")
    both.segment.sections.image.set_region("all")
    both.segment.segment()
    both.viewer.dims.set_current_step(0, 1)
    session = session_of(both.open_correct())
    cell, other = both.at(0, 1), both.at(1, 1)
    session.merge([cell, other])
    former = both.labels[1].copy()
    for link in (False, True):
        result = both.segment.controller.result
        assert result is not None
        result.stack.links.wanted = link
        both.move_sliders()
        both.segment.controller.live.relink()
        both.segment.at_rest()
        merged = both.labels[1] == cell
        np.testing.assert_array_equal(merged, former == cell)
        assert [cells_of(plane) for plane in both.labels] == [4, 3, 4]


def test_a_region_of_a_plane(both: Both) -> None:
    """Kept cells count in the rows and columns that were segmented."""
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    session = session_of(both.open_correct())
    session.merge([both.at(0), both.at(2)])
    former = both.labels.copy()
    result = both.segment.controller.result
    assert result is not None
    region = slice(0, 60), slice(0, 120)
    held = result.stack.held((), region)
    assert held is not None
    assert held.mask.shape == (60, 120)
    assert result.stack.held((), region) is held
    np.testing.assert_array_equal(held.mask, (former == both.at(0))[region])
