"""Every tool with the mouse, and taken back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QListView
from tests.widgets.drivers.canvas import canvas_of
from tests.widgets.drivers.correct_driver import CorrectDriver, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


def cells() -> np.ndarray:
    """Two cells that touch, one with a hole and a spike, one to paint on."""
    labels = np.zeros((80, 100), np.int32)
    labels[10:30, 10:20] = 1
    labels[10:30, 20:30] = 2
    rows, columns = np.indices(labels.shape)
    labels[np.hypot(rows - 50, columns - 60) < 15] = 3
    labels[49:52, 59:62] = 0
    labels[50, 75:84] = 3
    return labels


def with_cells(viewer: Any, qtbot: QtBot) -> CorrectDriver:
    viewer.add_labels(cells(), name="cells", scale=(2, 2))
    return CorrectDriver(viewer, qtbot)


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> CorrectDriver:
    return with_cells(make_viewer_model_proxy(), qtbot)


@pytest.fixture
def on_screen(lend_viewer_proxy: Callable[..., Any], qtbot: QtBot) -> CorrectDriver:
    """With Qt's mouse on a canvas that is drawn."""
    return with_cells(lend_viewer_proxy(), qtbot)


def outline(top: float, left: float, bottom: float, right: float) -> list[Place]:
    return [(top, left), (top, right), (bottom, right), (bottom, left), (top, left)]


def use_merge(driver: CorrectDriver) -> None:
    driver.press("merge")
    driver.click((20, 15), (20, 25))
    driver.key("Enter")


def use_split(driver: CorrectDriver) -> None:
    driver.press("split")
    driver.drag((20, 5), (20, 19.6))


def use_delete(driver: CorrectDriver) -> None:
    driver.press("delete")
    driver.click((20, 15))


def use_add(driver: CorrectDriver) -> None:
    driver.press("add")
    driver.drag(*outline(5, 60, 25, 80))


def use_redraw(driver: CorrectDriver) -> None:
    driver.press("redraw")
    driver.drag(*outline(5, 5, 25, 15))


def use_fill(driver: CorrectDriver) -> None:
    driver.press("fill")
    driver.click((50, 50))


def use_smooth(driver: CorrectDriver) -> None:
    driver.press("smooth")
    driver.click((50, 50))


def use_brush(driver: CorrectDriver) -> None:
    driver.layer.selected_label = 2
    driver.press("paint")
    driver.drag((70, 20), (70, 30))


EXPECTED = {
    use_merge: ({1, 3}, {1}),
    use_split: ({1, 2, 3, 4}, {1, 4}),
    use_delete: ({2, 3}, set()),
    use_add: ({1, 2, 3, 5}, {5}),
    use_redraw: ({1, 2, 3}, {1}),
    use_fill: ({1, 2, 3}, {3}),
    use_smooth: ({1, 2, 3}, {3}),
    use_brush: ({1, 2, 3}, {2}),
}
"""Cells that are there after using a tool, and those that are kept.

One tool after the other: the cell that is added has another id than the part that was
split off, though that was undone.
"""


def test_tools_change_their_cell_and_are_undone(on_screen: CorrectDriver) -> None:
    """Undo gives back labels and locks, redo makes both again."""
    driver = on_screen
    former = driver.labels.copy()
    for use, (present, kept) in EXPECTED.items():
        name = use.__name__[4:]
        use(driver)
        after = driver.labels.copy()
        assert set(np.unique(after).tolist()) - {0} == present, name
        assert driver.kept == kept, name
        assert not np.array_equal(after, former), name
        driver.sections.tools.undo.click()
        np.testing.assert_array_equal(driver.labels, former, name)
        assert driver.kept == set(), name
        assert driver.session.plane_locks.held is None, name
        driver.sections.tools.redo.click()
        np.testing.assert_array_equal(driver.labels, after, name)
        assert driver.kept == kept, name
        driver.sections.tools.undo.click()
        np.testing.assert_array_equal(driver.labels, former, name)


def test_all_tools_share_one_history(driver: CorrectDriver) -> None:
    """Many steps back and forth across tools and brush, by napari's own keys."""
    states = [driver.labels.copy()]
    for use in (use_fill, use_brush, use_merge, use_add, use_delete):
        use(driver)
        states.append(driver.labels.copy())
    for state in states[-2::-1]:
        driver.key("Control-Z")
        np.testing.assert_array_equal(driver.labels, state)
    driver.key("Control-Z")
    assert driver.message == "Nothing to undo."
    for state in states[1:]:
        driver.key("Control-Shift-Z")
        np.testing.assert_array_equal(driver.labels, state)
    driver.viewer.layers["cells"].undo()  # also without the dock's help
    np.testing.assert_array_equal(driver.labels, states[-2])


def test_the_screen_shows_what_the_labels_are(driver: CorrectDriver) -> None:
    """Pixels that are redrawn alone have the colors of a full refresh."""
    for use in (use_merge, use_split, use_add):
        use(driver)
        driver.sections.tools.undo.click()
        driver.sections.tools.redo.click()
    shown = np.array(driver.layer._slice.image.view)
    driver.layer.refresh()
    np.testing.assert_array_equal(shown, driver.layer._slice.image.view)


def test_tools_exclude_each_other_and_the_brush(driver: CorrectDriver) -> None:
    tools = driver.sections.tools
    driver.press("merge")
    driver.press("split")
    assert not tools.button("merge").isChecked()
    assert tools.button("split").isChecked()
    assert not driver.layer.mouse_pan  # dragging draws
    driver.press("paint")
    assert not tools.button("split").isChecked()
    assert str(driver.layer.mode) == "paint"
    driver.press("delete")
    assert str(driver.layer.mode) == "pan_zoom"
    assert driver.layer.mouse_pan
    driver.layer.mode = "fill"  # napari's own button
    assert driver.controller.hand.tool is None
    driver.press("delete")
    driver.press("delete")
    assert driver.controller.hand.tool is None


def test_keys_take_up_tools_and_escape_puts_them_away(driver: CorrectDriver) -> None:
    driver.viewer.layers.selection.active = driver.viewer.layers["cells"]
    driver.key("D")
    assert driver.sections.tools.button("delete").isChecked()
    driver.key("J")
    driver.click((20, 15), (20, 25))
    driver.key("Escape")  # drops the choice
    driver.key("Enter")
    assert "two or more" in driver.message
    driver.key("Escape")
    assert driver.controller.hand.tool is None


def test_clicks_beside_cells_and_pans_change_nothing(driver: CorrectDriver) -> None:
    former = driver.labels.copy()
    driver.press("delete")
    driver.click((70, 90), (-20, -20))
    assert driver.message == "There is no cell."
    driver.drag((20, 15), (40, 40))
    np.testing.assert_array_equal(driver.labels, former)


def test_locked_cells_are_left_alone(driver: CorrectDriver) -> None:
    """By tools, which say so, and by the brush, whose stroke is taken back there."""
    driver.press("lock")
    driver.click((20, 15))
    assert driver.locked == {1}
    former = driver.labels == 1
    use_merge(driver)
    assert "locked" in driver.message
    driver.layer.selected_label = 2
    driver.press("paint")
    driver.drag((20, 14), (40, 14))
    assert "Locked" in driver.message
    np.testing.assert_array_equal(driver.labels == 1, former)
    assert (driver.labels[35:40, 14] == 2).all()
    driver.press("lock")
    driver.click((20, 15))
    assert driver.locked == set()
    use_merge(driver)
    assert set(np.unique(driver.labels).tolist()) == {0, 1, 3}


def test_locking_all_that_was_corrected(driver: CorrectDriver) -> None:
    use_fill(driver)
    use_split(driver)
    driver.controller.lock_corrected()
    assert driver.locked == {1, 3, 4}
    use_delete(driver)
    assert "locked" in driver.message
    driver.controller.unlock_all()
    driver.click((20, 15))
    assert 1 not in driver.labels


def test_a_place_without_its_cell_is_said_and_given_back(driver: CorrectDriver) -> None:
    locks = driver.sections.locks
    assert locks._count.text() == "Nothing corrected in this plane"
    assert not locks.unlock.isEnabled()
    use_delete(driver)
    assert locks._count.text() == "1 place kept free of cells"
    use_brush(driver)
    assert locks._count.text() == "1 cell kept. 1 place kept free of cells"
    locks.unlock.click()
    assert locks._count.text() == "Nothing corrected in this plane"


def test_helper_layers_are_not_listed(on_screen: CorrectDriver) -> None:
    """Outlines of kept cells are drawn, and stand in no row; labels do."""
    use_merge(on_screen)
    outlines = on_screen.controller.outlines._marks
    on_screen.qtbot.waitUntil(lambda: outlines.layer is not None)
    window = canvas_of(on_screen.viewer).native.window()
    view = next(
        view
        for view in window.findChildren(QListView)
        if type(view).__name__ == "QtLayerList"
    )
    shown = {
        view.model().index(row, 0).data(): not view.isRowHidden(row)
        for row in range(view.model().rowCount())
    }
    assert {name for name, is_shown in shown.items() if is_shown} == {"cells"}
    assert "Kept cells" in shown


def test_nothing_is_kept_unless_wanted(driver: CorrectDriver) -> None:
    driver.sections.locks._keeping.click()
    use_merge(driver)
    assert driver.kept == set()


def test_ids_of_new_cells_are_free_in_the_whole_stack(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    viewer = make_viewer_model_proxy()
    stack = np.stack([cells(), cells() * 10])
    viewer.add_labels(stack, name="stack")
    driver = CorrectDriver(viewer, qtbot)
    viewer.dims.set_current_step(0, 0)
    use_add(driver)
    assert int(driver.labels.max()) == 31
    np.testing.assert_array_equal(driver.layer.data[1], cells() * 10)
    assert driver.session.locks.locks.kept_planes() == [(0,)]
