"""The dock around the tools: layers and planes that come and go, keys, 3-D views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.correct_driver import CorrectDriver

from napari_dinocell.widgets.correct.tools import (
    ACCEPT_KEY,
    EXAMPLE_KEY,
    NEXT_KEY,
    PREVIOUS_KEY,
    TOOLS,
    shown_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


def labels(value: int = 1) -> np.ndarray:
    plane = np.zeros((60, 60), np.int32)
    plane[10:30, 10:30] = value
    plane[10:30, 30:50] = value + 1
    return plane


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> CorrectDriver:
    return CorrectDriver(make_viewer_model_proxy(), qtbot)


@pytest.fixture
def on_screen(lend_viewer_proxy: Callable[..., Any], qtbot: QtBot) -> CorrectDriver:
    """With Qt's mouse on a canvas that is drawn."""
    return CorrectDriver(lend_viewer_proxy(), qtbot)


def test_an_empty_viewer_says_what_to_do(driver: CorrectDriver) -> None:
    assert "segment an image" in driver.message
    assert not driver.sections.tools.button("merge").isEnabled()


def test_no_key_is_taken_from_napari(driver: CorrectDriver) -> None:
    """Compared with all that napari binds for the viewer and for labels layers."""
    from napari.layers import Labels, Layer
    from napari.utils.action_manager import action_manager
    from napari.utils.shortcuts import _default_shortcuts

    def concerns_labels(name: str) -> bool:
        provider = action_manager._actions[name].keymapprovider
        return not issubclass(provider, Layer) or issubclass(Labels, provider)

    taken = {
        str(binding).upper()
        for name, bindings in _default_shortcuts.items()
        if concerns_labels(name)
        for binding in bindings
    }
    assert {"M", "P", "1"} <= taken
    taken |= {str(binding).upper() for binding in Labels.class_keymap}
    own = [tool.key for tool in TOOLS] + [NEXT_KEY, PREVIOUS_KEY]
    own += [ACCEPT_KEY, EXAMPLE_KEY]
    assert len(set(own)) == len(own)
    assert not {shown_key(key).upper() for key in own} & taken


def test_keys_are_unbound_with_the_dock(driver: CorrectDriver) -> None:
    layer = driver.viewer.add_labels(labels())
    former = dict(layer.keymap)
    assert former
    driver.press("merge")
    driver.dock.close_controllers()
    bare = layer.__wrapped__
    assert all(call is None for call in bare.keymap.values()) or not bare.keymap
    assert bare.mouse_pan
    callbacks = [getattr(call, "__self__", None) for call in bare.mouse_drag_callbacks]
    assert driver.controller.hand._gestures not in callbacks


def test_tooltips_show_the_keys(driver: CorrectDriver) -> None:
    for tool in TOOLS:
        driver.viewer.add_labels(labels())
        tip = driver.sections.tools.button(tool.name).toolTip()
        assert f"Key: {shown_key(tool.key)}" in tip


def test_the_dock_follows_the_selection(driver: CorrectDriver) -> None:
    first = driver.viewer.add_labels(labels(), name="first")
    driver.viewer.add_labels(labels(5), name="second")
    assert driver.layer.name == "second"
    driver.viewer.layers.selection.active = first
    assert driver.layer.name == "first"
    driver.viewer.add_image(np.zeros((60, 60)))
    assert driver.layer.name == "first"


def test_a_tool_is_put_away_when_another_layer_gets_the_mouse(
    driver: CorrectDriver,
) -> None:
    driver.viewer.add_labels(labels())
    driver.press("delete")
    driver.viewer.add_image(np.zeros((60, 60)))
    assert driver.controller.hand.tool is None


def test_a_layer_removed_while_drawing_is_left_alone(on_screen: CorrectDriver) -> None:
    driver = on_screen
    driver.viewer.add_labels(labels(), name="cells")
    driver.press("merge")
    driver.click((20, 20))
    driver.viewer.layers.clear()
    assert driver.controller.session is None
    assert driver.controller.hand.tool is None
    assert len(driver.viewer.layers) == 0
    driver.viewer.add_labels(labels(), name="others")
    driver.press("delete")
    driver.click((20, 20))
    assert set(np.unique(driver.labels).tolist()) == {0, 2}


def test_tools_need_the_plane_in_view(driver: CorrectDriver) -> None:
    """They are grey, and say why, until it is back."""
    driver.viewer.add_labels(np.stack([labels()] * 3))
    changes: dict[str, dict[str, Any]] = {
        "2D": {"ndisplay": 3},
        "order": {"order": (1, 0, 2)},
    }
    for word, change in changes.items():
        driver.press("delete")
        assert driver.controller.hand.tool is not None
        driver.viewer.dims.update(change)
        assert driver.controller.hand.tool is None
        assert not driver.sections.tools.button("delete").isEnabled()
        assert word in driver.message
        driver.viewer.dims.update({"ndisplay": 2, "order": (0, 1, 2)})
        assert driver.sections.tools.button("delete").isEnabled()
        assert driver.message == ""


def test_read_only_labels_are_refused(driver: CorrectDriver) -> None:
    frozen = labels()
    frozen.flags.writeable = False
    driver.viewer.add_labels(frozen)
    assert "read-only" in driver.message
    driver.viewer.layers.clear()
    driver.viewer.add_labels([labels(), labels()[::2, ::2]], multiscale=True)
    assert "pyramid" in driver.message


def test_corrections_belong_to_their_plane(driver: CorrectDriver) -> None:
    driver.viewer.add_labels(np.stack([labels(), labels(7)]))
    driver.viewer.dims.set_current_step(0, 1)
    driver.press("delete")
    driver.click((20, 20))
    driver.viewer.dims.set_current_step(0, 0)
    np.testing.assert_array_equal(driver.layer.data[0], labels())
    assert driver.session.locks.locks.kept_planes() == [(1,)]
    driver.sections.tools.undo.click()
    np.testing.assert_array_equal(driver.layer.data[1], labels(7))
    assert driver.message == "Changed plane 1, which is not shown."


def test_other_data_has_no_locks(driver: CorrectDriver) -> None:
    layer = driver.viewer.add_labels(labels())
    driver.press("delete")
    driver.click((20, 20))
    layer.data = labels(7)
    assert driver.session.locks.locks.kept_planes() == []
    driver.click((20, 20))
    assert set(np.unique(driver.labels).tolist()) == {0, 8}


def test_kept_cells_are_outlined_on_request(driver: CorrectDriver) -> None:
    driver.viewer.add_labels(labels())
    driver.press("lock")
    driver.click((20, 20))
    shown = driver.controller.outlines._marks
    driver.qtbot.waitUntil(lambda: shown.layer is not None)
    assert len(shown.layer.data) == 80
    driver.sections.locks._showing.click()
    driver.qtbot.waitUntil(lambda: shown.layer is None)
    assert [layer.name for layer in driver.viewer.layers] == ["Labels"]


def test_deleted_cells_look_different_from_kept_ones(driver: CorrectDriver) -> None:
    """A cross, and another colour: also when the colours are all that one sees."""
    driver.viewer.add_labels(labels())
    driver.press("lock")
    driver.click((20, 20))
    shown = driver.controller.outlines._marks
    driver.qtbot.waitUntil(lambda: shown.layer is not None)
    (kept,) = np.unique(shown.layer.edge_color, axis=0)
    driver.press("delete")
    driver.click((20, 40))
    driver.qtbot.waitUntil(lambda: len(shown.layer.data) > 80)
    colors = shown.layer.edge_color
    cross = np.abs(shown.layer.data[:, 1]).min(axis=1) > 1  # neither along an axis
    assert cross.sum() == 2
    is_kept = (colors == kept).all(axis=1)
    assert is_kept.sum() == 80
    assert not is_kept[cross].any()
