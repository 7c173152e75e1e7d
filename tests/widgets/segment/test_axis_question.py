"""Axes that may be channels are asked about, and what is shown is what is segmented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from tests.widgets.drivers.image_layers import channels_of, choose_channel

from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.segment.axis_question import doubt_about
from napari_dinocell.widgets.segment.image_section import ImageSection

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SIDE = (20, 30)
CYX = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, *SIDE)
YXC = np.moveaxis(CYX, 0, -1)


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def section(viewer: ViewerModel, qtbot: QtBot) -> ImageSection:
    section = ImageSection(viewer)
    qtbot.addWidget(section)
    section.show()
    return section


def message(section: ImageSection) -> str:
    return section._channels._other.message()


@pytest.mark.parametrize(
    ("shape", "options", "doubt"),
    [
        pytest.param((3, 20, 30), {}, "first", id="three planes"),
        pytest.param((6, 20, 30), {}, "", id="too many for channels"),
        pytest.param((20, 30, 2), {}, "last", id="channels last"),
        pytest.param((20, 30, 3), {"rgb": True}, "", id="rgb"),
        pytest.param((20, 30), {}, "", id="plane"),
        pytest.param((3, 4, 5), {}, "", id="too small to tell"),
        pytest.param(
            (3, 20, 30), {"axis_labels": ("z", "y", "x")}, "", id="slices by name"
        ),
        pytest.param(
            (3, 20, 30), {"axis_labels": ("c", "y", "x")}, "", id="channels by name"
        ),
    ],
)
def test_only_what_is_open_is_asked(
    section: ImageSection, viewer: Any, shape: Any, options: Any, doubt: str
) -> None:
    layer = viewer.add_image(np.zeros(shape, np.uint8), **{"rgb": False} | options)
    assert doubt_about(layer) == doubt
    assert section._question.isVisible() == bool(doubt)


def test_until_it_is_answered_the_shown_plane_is_segmented(
    section: ImageSection, viewer: Any
) -> None:
    viewer.add_image(CYX, name="image")
    assert "3 planes: are these its channels?" in section._question._question.message()
    assert section.channel_axis() is None
    section.set_region("all")
    assert section.region() == "all"


def test_planes_that_are_channels(
    section: ImageSection, viewer: Any, qtbot: QtBot
) -> None:
    """The shown one is taken, and goes along with the slider until one is chosen."""
    layer = viewer.add_image(CYX, name="image")
    viewer.dims.set_point(0, 2)
    with qtbot.waitSignal(section.changed):
        section._question.channels.click()
    assert not section._question.isVisible()
    assert section.channel_axis() == 0
    assert channels_of(section)["channel"] == 2
    with qtbot.waitSignal(section.changed):
        viewer.dims.set_point(0, 1)
    assert channels_of(section)["channel"] == 1
    choose_channel(section, "Channel 0")
    assert "Channel 0 is segmented; the viewer shows channel 1" in message(section)
    viewer.dims.set_point(0, 2)
    assert channels_of(section)["channel"] == 0
    assert "the viewer shows channel 2" in message(section)
    viewer.dims.set_point(0, 0)
    assert not message(section)
    viewer.add_image(CYX[0], name="other")
    section.set_layer(layer)
    assert not section._question.isVisible()  # it was answered
    assert channels_of(section)["channel"] == 0


def test_planes_that_are_slices(section: ImageSection, viewer: Any) -> None:
    layer = viewer.add_image(CYX, name="image")
    section._question.others.click()
    assert not section._question.isVisible()
    assert section.channel_axis() is None
    viewer.add_image(CYX[0], name="other")
    section.set_layer(layer)
    assert not section._question.isVisible()


def test_channels_that_come_last_are_shown_one_by_one(
    section: ImageSection, viewer: Any
) -> None:
    """Rows and columns keep their scale, and the array is not copied."""
    layer = viewer.add_image(
        YXC, name="image", rgb=False, scale=(0.5, 0.25, 1), units=("um", "um", "pixel")
    )
    assert "last axis has a length of 3" in section._question._question.message()
    section._question.channels.click()
    assert not section._question.isVisible()
    assert layer.data.shape == CYX.shape
    assert np.shares_memory(layer.data, YXC)
    np.testing.assert_array_equal(layer.scale, (1, 0.5, 0.25))
    assert [f"{unit:~P}" for unit in layer.units] == ["pixel", "µm", "µm"]
    assert section.channel_axis() == 0
    source = image_source_of(layer, channel_axis=section.channel_axis())
    assert source.shape == SIDE


def test_columns_stay_columns(section: ImageSection, viewer: Any) -> None:
    layer = viewer.add_image(YXC, name="image", rgb=False)
    section._question.others.click()
    assert layer.data.shape == YXC.shape
    assert section.channel_axis() is None
    assert not section._question.isVisible()
