from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy
from qtpy import API_NAME
from qtpy.QtWidgets import QWidget
from tests.widgets.drivers.image_layers import (
    FLAT,
    NO_CHANNEL,
    RESULT,
    STACK,
    TCYX,
    add,
    add_labels,
    channels_of,
    choose_axis,
    choose_channel,
    titles,
)

from napari_dinocell.widgets.segment.image_section import ImageSection

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def viewer() -> ViewerModel:
    """Layers and their events, without a window."""
    return ViewerModel()


@pytest.fixture
def section(viewer: ViewerModel, qtbot: QtBot) -> ImageSection:
    # Plugins get a viewer whose attributes are wrapped anew at each access.
    section = ImageSection(PublicOnlyProxy(viewer))
    qtbot.addWidget(section)
    section.show()
    return section


def test_without_images_there_is_nothing_to_choose(section: ImageSection) -> None:
    assert section.layer() is None
    assert channels_of(section) == NO_CHANNEL
    assert section.channel_axis() is None
    assert not section._images.isEnabled()
    assert not section._channels.isVisible()


def test_lists_images_that_are_no_results(section: ImageSection, viewer: Any) -> None:
    """The top layer comes first, as in the viewer."""
    add(viewer, "a")
    add(viewer, "b")
    add(viewer, "map", **RESULT)
    add_labels(viewer)
    assert titles(section._images) == ["b", "a"]
    viewer.layers.move(0, 2)
    assert titles(section._images) == ["a", "b"]


def test_takes_up_layers_that_are_there(viewer: Any, qtbot: QtBot) -> None:
    first, _ = add(viewer, "a"), add(viewer, "b")
    viewer.layers.selection.active = first
    section = ImageSection(viewer)
    qtbot.addWidget(section)
    assert section.layer() is first


def test_follows_renames(section: ImageSection, viewer: Any) -> None:
    layer, _ = add(viewer, "a"), add(viewer, "b")
    section.set_layer(layer)
    layer.name = "renamed"
    assert titles(section._images) == ["b", "renamed"]
    assert section._images.currentText() == "renamed"
    assert section.layer() is layer


def test_follows_the_selection_of_images(
    section: ImageSection, viewer: Any, qtbot: QtBot
) -> None:
    """A labels layer, a result, or several layers at once change nothing."""
    first, second = add(viewer, "a"), add(viewer, "b")
    others = add_labels(viewer), add(viewer, "map", **RESULT)
    with qtbot.waitSignal(section.layer_changed):
        viewer.layers.selection.active = first
    with qtbot.assertNotEmitted(section.layer_changed):
        viewer.layers.selection.active = others[0]
        viewer.layers.selection.active = others[1]
        viewer.layers.selection = {first, second}
    assert section.layer() is first
    viewer.layers.selection.active = second
    assert section.layer() is second
    assert section._images.currentText() == "b"


def test_user_s_choice_stays(section: ImageSection, viewer: Any, qtbot: QtBot) -> None:
    """Also when a result is added, and becomes active."""
    first, second = add(viewer, "a"), add(viewer, "b")
    assert section.layer() is second
    with (
        qtbot.waitSignal(section.layer_changed),
        qtbot.assertNotEmitted(section.changed),
    ):
        section._images.setCurrentText("a")
    add(viewer, "map", **RESULT)
    assert section.layer() is first


def test_set_layer_takes_listed_layers_only(
    section: ImageSection, viewer: Any, qtbot: QtBot
) -> None:
    first, _, labels = add(viewer, "a"), add(viewer, "b"), add_labels(viewer)
    section.set_layer(first)
    with qtbot.assertNotEmitted(section.layer_changed):
        for layer in (labels, None, first):
            section.set_layer(layer)
    assert section.layer() is first


def test_removed_layer_gives_way(
    section: ImageSection, viewer: Any, qtbot: QtBot
) -> None:
    first, second = add(viewer, "a"), add(viewer, "b")
    with qtbot.waitSignal(section.layer_changed):
        viewer.layers.remove(second)
    assert section.layer() is first
    with qtbot.waitSignal(section.layer_changed):
        viewer.layers.clear()
    assert section.layer() is None


@pytest.mark.parametrize(
    ("shape", "rgb", "axis", "expected"),
    [
        pytest.param(FLAT, False, None, False, id="plane"),
        pytest.param((8, 9, 3), True, None, False, id="rgb"),
        pytest.param((5, 8, 9, 3), True, None, True, id="rgb stack"),
        pytest.param((5, 8, 9), False, None, True, id="stack"),
        pytest.param((3, 8, 9), False, 0, False, id="channels"),
        pytest.param(STACK, False, 1, True, id="stack of channels"),
    ],
)
def test_all_planes_need_a_stack(
    section: ImageSection, viewer: Any, shape: Any, rgb: bool, axis: Any, expected: bool
) -> None:
    add(viewer, "image", shape=shape, rgb=rgb)
    choose_axis(section, axis)
    assert section._regions._extent.model().item(2).isEnabled() is expected
    assert section.region() == "plane"
    section.set_region("all")
    assert section.region() == ("all" if expected else "plane")


def test_all_planes_end_with_the_stack(section: ImageSection, viewer: Any) -> None:
    """Region "all" never holds where there is one plane."""
    add(viewer, "stack", shape=(3, 8, 9))
    section.set_region("all")
    choose_axis(section, 0)
    assert section.region() == "plane"
    choose_axis(section, None)
    section.set_region("all")
    add(viewer, "plane")
    assert section.region() == "plane"


def test_region_is_said_by_the_user_only(section: ImageSection, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(section.changed):
        section.set_region("view")
    assert section.region() == "view"
    with qtbot.waitSignal(section.changed):
        section._regions._extent.setCurrentText("Whole plane")
    assert section.region() == "plane"


def test_layer_is_announced_with_its_own_channels(
    section: ImageSection, viewer: Any
) -> None:
    """And once, though both the list and the selection change."""
    seen: list[tuple[Any, ...]] = []
    section.layer_changed.connect(
        lambda: seen.append((section.layer(), section.channels().channel))
    )
    stack, plane = add(viewer, "stack", **TCYX), add(viewer, "plane")
    assert seen == [(stack, 1), (plane, "auto")]  # the middle one is shown


def callbacks(viewer: Any) -> int:
    groups = [viewer.layers.events, viewer.layers.selection.events]
    groups += [layer.events for layer in viewer.layers]
    return sum(len(e.callbacks) for group in groups for e in group.emitters.values())


@pytest.mark.parametrize("in_dock", [False, True])
def test_nothing_stays_connected(viewer: Any, qtbot: QtBot, in_dock: bool) -> None:
    """A viewer outlives the dock, and must not call what Qt has deleted."""
    layer = add(viewer, "a", shape=STACK)
    before = callbacks(viewer)
    section = ImageSection(viewer)
    assert callbacks(viewer) > before
    dock = QWidget()
    if in_dock:
        section.setParent(dock)
    delete = pytest.importorskip("PyQt6.sip" if API_NAME == "PyQt6" else "shiboken6")
    delete.delete(dock if in_dock else section)
    assert callbacks(viewer) == before
    layer.name = "renamed"
    layer.data = np.zeros(FLAT, np.uint8)
    viewer.layers.clear()


def test_layer_that_is_not_chosen_is_let_go(section: ImageSection, viewer: Any) -> None:
    layer, _ = add(viewer, "a"), add(viewer, "b")
    before = callbacks(viewer)
    section.set_layer(layer)
    section._images.setCurrentText("b")
    assert callbacks(viewer) == before


def test_fits_the_dock(section: ImageSection, viewer: Any) -> None:
    add(viewer, "long " * 50, shape=STACK, axis_labels=("t" * 90, "c", "y", "x"))
    choose_channel(section, "Max of several")
    assert section.minimumSizeHint().width() <= 270


def test_in_a_viewer(make_viewer_model_proxy: Any) -> None:
    """Opened as a dock, and closed again before the viewer."""
    viewer = make_viewer_model_proxy()
    section = ImageSection(viewer)
    dock = viewer.window.add_dock_widget(section, name="Image")
    layer = viewer.add_image(np.zeros(STACK, np.uint8), name="stack")
    assert section.layer() == layer
    viewer.window.remove_dock_widget(dock)
    viewer.add_image(np.zeros(FLAT), name="later")
