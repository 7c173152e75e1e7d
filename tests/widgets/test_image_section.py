from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtWidgets import QWidget

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.widgets._image_section import ImageSection

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

FLAT = (8, 9)
STACK = (5, 3, 8, 9)


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


def add(viewer: ViewerModel, name: str, shape: tuple[int, ...] = FLAT, **more: Any):
    return viewer.add_image(np.zeros(shape, np.uint8), name=name, **more)


def names(section: ImageSection) -> list[str]:
    box = section._images
    return [box.itemText(index) for index in range(box.count())]


def choose_axis(section: ImageSection, axis: int | None) -> None:
    box = section._channels._axes
    box.setCurrentIndex(0 if axis is None else axis + 1)


def choose_channel(section: ImageSection, title: str) -> None:
    section._channels._channel.setCurrentText(title)


def test_without_images_there_is_nothing_to_choose(section: ImageSection) -> None:
    assert section.layer() is None
    assert section.values() == {"channel": "gray", "channels": None}
    assert section.channel_axis() is None
    assert not section._images.isEnabled()
    assert not section._channels.isVisible()


def test_lists_images_that_are_no_results(
    section: ImageSection, viewer: ViewerModel
) -> None:
    """The top layer comes first, as in the viewer."""
    add(viewer, "a")
    add(viewer, "b")
    add(viewer, "map", metadata={"dinocell": {"kind": "distance"}})
    viewer.add_labels(np.zeros(FLAT, int), name="labels")
    viewer.add_points(name="points")
    assert names(section) == ["b", "a"]
    viewer.layers.move(0, 2)
    assert names(section) == ["a", "b"]


def test_takes_up_layers_that_are_there_already(
    viewer: ViewerModel, qtbot: QtBot
) -> None:
    first, _ = add(viewer, "a"), add(viewer, "b")
    viewer.layers.selection.active = first
    section = ImageSection(viewer)
    qtbot.addWidget(section)
    assert section.layer() is first


def test_follows_renames(section: ImageSection, viewer: ViewerModel) -> None:
    layer = add(viewer, "a")
    add(viewer, "b")
    section.set_layer(layer)
    layer.name = "renamed"
    assert names(section) == ["b", "renamed"]
    assert section._images.currentText() == "renamed"
    assert section.layer() is layer


def test_follows_the_selection_of_images(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    """A labels layer, a result, or several layers at once change nothing."""
    first, second = add(viewer, "a"), add(viewer, "b")
    labels = viewer.add_labels(np.zeros(FLAT, int))
    result = add(viewer, "map", metadata={"dinocell": {}, "other": 1})
    result.metadata = {"dinocell": {"kind": "distance"}}
    with qtbot.waitSignal(section.layer_changed):
        viewer.layers.selection.active = first
    with qtbot.assertNotEmitted(section.layer_changed):
        viewer.layers.selection.active = labels
        viewer.layers.selection = {first, second}
    assert section.layer() is first
    viewer.layers.selection.active = second
    assert section.layer() is second
    assert section._images.currentText() == "b"


def test_user_chooses_from_the_list(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    first, second = add(viewer, "a"), add(viewer, "b")
    assert section.layer() is second
    with (
        qtbot.waitSignal(section.layer_changed),
        qtbot.assertNotEmitted(section.changed),
    ):
        section._images.setCurrentText("a")
    assert section.layer() is first
    add(viewer, "labels elsewhere", metadata={"dinocell": {"kind": "distance"}})
    assert section.layer() is first, "a new result took the choice away"


def test_set_layer_takes_listed_layers_only(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    first, _ = add(viewer, "a"), add(viewer, "b")
    labels = viewer.add_labels(np.zeros(FLAT, int))
    section.set_layer(first)
    with qtbot.assertNotEmitted(section.layer_changed):
        section.set_layer(labels)
        section.set_layer(None)
        section.set_layer(first)
    assert section.layer() is first


def test_removed_layer_gives_way_to_the_next(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    first, second = add(viewer, "a"), add(viewer, "b")
    with qtbot.waitSignal(section.layer_changed):
        viewer.layers.remove(second)
    assert section.layer() is first
    with qtbot.waitSignal(section.layer_changed):
        viewer.layers.clear()
    assert section.layer() is None


def test_flat_images_have_no_channels(
    section: ImageSection, viewer: ViewerModel
) -> None:
    add(viewer, "a")
    assert not section._channels.isVisible()
    assert section.values() == {"channel": "gray", "channels": None}


@pytest.mark.parametrize(
    ("title", "channel"),
    [
        ("Gray", "gray"),
        ("Red", 0),
        ("Green", 1),
        ("Blue", 2),
        ("Max", "max"),
        ("Mean", "mean"),
    ],
)
def test_channels_of_rgb(
    section: ImageSection,
    viewer: ViewerModel,
    title: str,
    channel: Any,
) -> None:
    add(viewer, "rgb", (8, 9, 4), rgb=True)
    assert section.values() == {"channel": "gray", "channels": None}
    choose_channel(section, title)
    assert section.values() == {"channel": channel, "channels": None}
    assert section.channel_axis() is None
    assert not section._channels._axis_row.isVisible()
    assert not section._channels._ticks.isVisible()


def test_stack_has_no_channel_axis_until_one_is_chosen(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    add(viewer, "stack", STACK)
    axes = section._channels._axes
    titles = [axes.itemText(index) for index in range(axes.count())]
    assert titles == ["None", "axis 0 (5)", "axis 1 (3)"]
    assert section.channel_axis() is None
    assert not section._channels._channel_row.isVisible()
    with qtbot.waitSignal(section.changed):
        choose_axis(section, 1)
    assert section.channel_axis() == 1
    assert section.values() == {"channel": 0, "channels": None}
    choose_channel(section, "Channel 2")
    assert section.values() == {"channel": 2, "channels": None}
    choose_axis(section, None)
    assert section.values() == {"channel": "gray", "channels": None}


@pytest.mark.parametrize("label", ["c", "C", "Channel"])
def test_axis_that_is_named_for_channels_is_chosen(
    section: ImageSection, viewer: ViewerModel, label: str
) -> None:
    add(viewer, "stack", STACK, axis_labels=("t", label, "y", "x"))
    assert section.channel_axis() == 1
    axes = section._channels._axes
    assert axes.itemText(1) == "t (5)"
    assert axes.currentText() == f"{label} (3)"


def test_axis_labels_given_later_count(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    layer = add(viewer, "stack", STACK)
    with qtbot.waitSignal(section.layer_changed):
        layer.axis_labels = ("t", "c", "y", "x")
    assert section.channel_axis() == 1


@pytest.mark.parametrize(
    ("title", "channel"), [("Mean of several", "mean"), ("Max of several", "max")]
)
def test_several_channels_are_ticked(
    section: ImageSection,
    viewer: ViewerModel,
    qtbot: QtBot,
    title: str,
    channel: str,
) -> None:
    """All of them is None, so that it holds for any number of channels."""
    add(viewer, "stack", STACK)
    choose_axis(section, 1)
    assert not section._channels._ticks.isVisible()
    choose_channel(section, title)
    assert section._channels._ticks.isVisible()
    assert section.values() == {"channel": channel, "channels": None}
    with qtbot.waitSignal(section.changed):
        item = section._channels._ticks.item(1)
        item.setCheckState(type(item.checkState())(0))
    assert section.values() == {"channel": channel, "channels": (0, 2)}
    SegmentConfig().with_overrides(**section.values())
    choose_channel(section, "Channel 1")
    assert section.values() == {"channel": 1, "channels": None}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"channel": 2, "channels": None, "clahe": 1}, {"channel": 2}),
        ({"channel": "max", "channels": [0, 2]}, {"channel": "max"}),
        ({"channel": 7}, {"channel": 0, "channels": None}),
        ({"channel": "mean", "channels": (0, 7)}, {"channels": None}),
    ],
)
def test_set_values_takes_what_the_layer_has(
    section: ImageSection,
    viewer: ViewerModel,
    qtbot: QtBot,
    values: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    add(viewer, "stack", STACK, axis_labels=("t", "c", "y", "x"))
    with qtbot.assertNotEmitted(section.changed):
        section.set_values(values)
    assert section.values() | expected == section.values()
    if values.get("channels") == [0, 2]:
        assert section.values()["channels"] == (0, 2)


def test_each_layer_keeps_its_channels(
    section: ImageSection, viewer: ViewerModel
) -> None:
    """A look at another image does not make the result of this one stale."""
    stack = add(viewer, "stack", STACK)
    choose_axis(section, 1)
    choose_channel(section, "Max of several")
    section._channels._ticks.set_ticked((0, 2))
    section._channels._ticks.ticks_changed.emit()
    chosen = section.values()
    rgb = add(viewer, "rgb", (8, 9, 3), rgb=True)
    assert section.values() == {"channel": "gray", "channels": None}
    section.set_layer(stack)
    assert (section.channel_axis(), section.values()) == (1, chosen)
    section.set_layer(rgb)
    assert section.values() == {"channel": "gray", "channels": None}


def test_new_data_is_looked_at(
    section: ImageSection, viewer: ViewerModel, qtbot: QtBot
) -> None:
    """Fewer channels: one that is no longer there is not kept."""
    layer = add(viewer, "stack", STACK)
    choose_axis(section, 1)
    choose_channel(section, "Channel 2")
    with qtbot.waitSignal(section.layer_changed):
        layer.data = np.zeros((5, 2, 8, 9), np.uint8)
    assert section.channel_axis() == 1
    assert section.values() == {"channel": 0, "channels": None}
    layer.data = np.zeros(FLAT, np.uint8)
    assert section.channel_axis() is None
    assert section.values() == {"channel": "gray", "channels": None}
    assert not section._channels.isVisible()


def test_multiscale_channels(section: ImageSection, viewer: ViewerModel) -> None:
    """Sizes are those of the finest level."""
    levels = [np.zeros((3, size, size), np.uint8) for size in (64, 32)]
    viewer.add_image(levels, multiscale=True, name="pyramid")
    assert section._channels._axes.itemText(1) == "axis 0 (3)"
    choose_axis(section, 0)
    assert section.values() == {"channel": 0, "channels": None}


def enabled(section: ImageSection) -> bool:
    return bool(section._extent.model().item(2).isEnabled())


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
    section: ImageSection,
    viewer: ViewerModel,
    shape: tuple[int, ...],
    rgb: bool,
    axis: int | None,
    expected: bool,
) -> None:
    add(viewer, "image", shape, rgb=rgb)
    choose_axis(section, axis)
    assert enabled(section) is expected
    assert section.region() == "plane"
    section.set_region("all")
    assert section.region() == ("all" if expected else "plane")


def test_all_planes_end_with_the_stack(
    section: ImageSection, viewer: ViewerModel
) -> None:
    """Region "all" never holds where there is one plane."""
    add(viewer, "stack", (3, 8, 9))
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
        section._extent.setCurrentText("Whole plane")
    assert section.region() == "plane"


def test_values_of_a_layer_are_there_when_it_is_announced(
    section: ImageSection, viewer: ViewerModel
) -> None:
    """Who hears `layer_changed` reads channels of the new layer, not of the old."""
    seen: list[tuple[Any, ...]] = []

    def read() -> None:
        layer = section.layer()
        name = None if layer is None else layer.name
        seen.append((name, section.channel_axis(), section.values()["channel"]))

    section.layer_changed.connect(read)
    add(viewer, "stack", STACK, axis_labels=("t", "c", "y", "x"))
    add(viewer, "plane")
    assert seen == [("stack", 1, 0), ("plane", None, "gray")]


def callbacks(viewer: ViewerModel) -> int:
    layers = viewer.layers
    emitters = list(layers.events.emitters.values())
    emitters += list(layers.selection.events.emitters.values())
    emitters += [e for layer in layers for e in layer.events.emitters.values()]
    return sum(len(emitter.callbacks) for emitter in emitters)


def delete_at_once(section: ImageSection) -> None:
    from qtpy import API_NAME

    if API_NAME == "PyQt6":
        from PyQt6 import sip

        sip.delete(section)
    else:
        import shiboken6

        shiboken6.delete(section)


def delete_with_parent(section: ImageSection) -> None:
    parent = QWidget()
    section.setParent(parent)
    delete_at_once(parent)


@pytest.mark.parametrize("delete", [delete_at_once, delete_with_parent])
def test_nothing_stays_connected(
    viewer: ViewerModel, qtbot: QtBot, delete: Callable[[Any], None]
) -> None:
    """A viewer outlives the dock, and must not call what Qt has deleted."""
    layer = add(viewer, "a", STACK)
    before = callbacks(viewer)
    section = ImageSection(viewer)
    assert callbacks(viewer) > before
    delete(section)
    assert callbacks(viewer) == before
    layer.name = "renamed"
    layer.data = np.zeros(FLAT, np.uint8)
    viewer.layers.clear()


def test_layer_that_is_not_chosen_is_let_go(
    section: ImageSection, viewer: ViewerModel
) -> None:
    layer = add(viewer, "a")
    add(viewer, "b")
    count = len(layer.events.data.callbacks)
    section.set_layer(layer)
    assert len(layer.events.data.callbacks) == count + 1
    section._images.setCurrentText("b")
    assert len(layer.events.data.callbacks) == count


def test_fits_the_dock(section: ImageSection, viewer: ViewerModel) -> None:
    add(viewer, "a long name " * 20, STACK, axis_labels=("t" * 90, "c", "y", "x"))
    choose_channel(section, "Max of several")
    assert section.minimumSizeHint().width() <= 270


def test_in_a_viewer(make_napari_viewer_proxy: Any) -> None:
    """Opened as a dock, and closed again before the viewer."""
    viewer = make_napari_viewer_proxy()
    section = ImageSection(viewer)
    dock = viewer.window.add_dock_widget(section, name="Image")
    layer = viewer.add_image(np.zeros(STACK, np.uint8), name="stack")
    assert section.layer() == layer
    viewer.window.remove_dock_widget(dock)
    viewer.add_image(np.zeros(FLAT), name="later")
