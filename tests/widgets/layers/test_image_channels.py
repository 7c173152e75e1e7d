from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy
from tests.widgets.drivers.image_layers import (
    FLAT,
    NO_CHANNEL,
    RGB,
    STACK,
    TCYX,
    add,
    channels_of,
    choose_axis,
    choose_channel,
    titles,
    untick,
)

from napari_dinocell.engine.config import SegmentConfig
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


@pytest.mark.parametrize(
    ("title", "channel"),
    [
        ("Automatic", "auto"),
        ("Gray", "gray"),
        ("Hematoxylin", "hematoxylin"),
        ("Red", 0),
        ("Blue", 2),
        ("Max", "max"),
        ("Mean", "mean"),
    ],
)
def test_channels_of_rgb(
    section: ImageSection, viewer: Any, title: str, channel: Any
) -> None:
    add(viewer, "rgb", **RGB)
    assert channels_of(section) == NO_CHANNEL
    choose_channel(section, title)
    assert channels_of(section) == {"channel": channel, "channels": None}
    assert section.channel_axis() is None
    assert not section._channels._axis_row.isVisible()
    assert not section._channels._ticks.isVisible()


def test_what_automatic_was_is_said_beside_it(
    section: ImageSection, viewer: Any
) -> None:
    add(viewer, "rgb", **RGB)
    section.show_used_channel("hematoxylin")
    assert titles(section._channels._channel)[0] == "Automatic (hematoxylin)"
    assert channels_of(section) == NO_CHANNEL
    section.show_used_channel(None)
    assert titles(section._channels._channel)[0] == "Automatic"


def test_channel_axis_is_the_user_s_choice(
    section: ImageSection, viewer: Any, qtbot: QtBot
) -> None:
    add(viewer, "stack", shape=STACK)
    axes = ["None", "axis 0 (5)", "axis 1 (3)"]
    assert titles(section._channels._axes) == axes
    assert section.channel_axis() is None
    assert not section._channels._channel_row.isVisible()
    with qtbot.waitSignal(section.changed):
        choose_axis(section, 1)
    assert section.channel_axis() == 1
    assert channels_of(section) == {"channel": 1, "channels": None}  # it is shown
    choose_channel(section, "Channel 2")
    assert channels_of(section) == {"channel": 2, "channels": None}
    choose_axis(section, None)
    assert channels_of(section) == NO_CHANNEL


@pytest.mark.parametrize("label", ["c", "C", "Channel"])
def test_axis_named_for_channels_is_chosen(
    section: ImageSection, viewer: Any, qtbot: QtBot, label: str
) -> None:
    """Also when it is named later."""
    layer = add(viewer, "stack", shape=STACK)
    with qtbot.waitSignal(section.layer_changed):
        layer.axis_labels = ("t", label, "y", "x")
    assert section.channel_axis() == 1
    assert titles(section._channels._axes)[1:] == ["t (5)", f"{label} (3)"]


@pytest.mark.parametrize("channel", ["mean", "max"])
def test_several_channels_are_ticked(
    section: ImageSection, viewer: Any, qtbot: QtBot, channel: str
) -> None:
    """All of them is None, which holds for any number of channels."""
    add(viewer, "stack", **TCYX)
    assert not section._channels._ticks.isVisible()
    choose_channel(section, f"{channel.title()} of several")
    assert section._channels._ticks.isVisible()
    assert channels_of(section) == {"channel": channel, "channels": None}
    with qtbot.waitSignal(section.changed):
        untick(section, 1)
    assert channels_of(section) == {"channel": channel, "channels": (0, 2)}
    SegmentConfig(channel=channel, channels=section.channels().channels)
    choose_channel(section, "Channel 1")
    assert channels_of(section) == {"channel": 1, "channels": None}


@pytest.mark.parametrize(
    ("values", "channel", "channels"),
    [
        ({"channel": 2, "channels": None}, 2, None),
        ({"channel": "max", "channels": (0, 2)}, "max", (0, 2)),
        ({"channel": 7}, 1, None),
        ({"channel": "mean", "channels": (0, 7)}, "mean", None),
    ],
)
def test_choice_takes_what_the_layer_has(
    section: ImageSection,
    viewer: Any,
    qtbot: QtBot,
    values: Any,
    channel: Any,
    channels: Any,
) -> None:
    add(viewer, "stack", **TCYX)
    section._channels.set_choice(replace(section.channels(), **values))
    assert channels_of(section) == {"channel": channel, "channels": channels}


def test_each_layer_keeps_its_channels(section: ImageSection, viewer: Any) -> None:
    """A look at another image does not make the result of this one stale."""
    stack = add(viewer, "stack", shape=STACK)
    choose_axis(section, 1)
    choose_channel(section, "Max of several")
    untick(section, 1)
    rgb = add(viewer, "rgb", **RGB)
    assert channels_of(section) == NO_CHANNEL
    section.set_layer(stack)
    assert section.channel_axis() == 1
    assert channels_of(section) == {"channel": "max", "channels": (0, 2)}
    section.set_layer(rgb)
    assert channels_of(section) == NO_CHANNEL


def test_new_data_is_looked_at(
    section: ImageSection, viewer: Any, qtbot: QtBot
) -> None:
    """A channel that is no longer there is not kept."""
    layer = add(viewer, "stack", shape=STACK)
    choose_axis(section, 1)
    choose_channel(section, "Channel 2")
    with qtbot.waitSignal(section.layer_changed):
        layer.data = np.zeros((5, 2, 8, 9), np.uint8)
    assert section.channel_axis() == 1
    assert channels_of(section) == {"channel": 1, "channels": None}  # it is shown
    layer.data = np.zeros(FLAT, np.uint8)
    assert section.channel_axis() is None
    assert channels_of(section) == NO_CHANNEL
    assert not section._channels.isVisible()


def test_sizes_are_those_of_the_finest_level(
    section: ImageSection, viewer: Any
) -> None:
    levels = [np.zeros((3, size, size), np.uint8) for size in (64, 32)]
    viewer.add_image(levels, multiscale=True, name="pyramid")
    assert titles(section._channels._axes) == ["None", "axis 0 (3)"]
    assert "64 × 64" in section._images.toolTip()
