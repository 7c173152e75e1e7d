"""Layers for the image section, and what a user does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_dinocell.widgets.segment.image_section import ImageSection

FLAT, STACK = (8, 9), (5, 3, 8, 9)
RGB = {"shape": (8, 9, 4), "rgb": True}
TCYX = {"shape": STACK, "axis_labels": ("t", "c", "y", "x")}
RESULT = {"metadata": {"dinocell": {"kind": "distance"}}}
NO_CHANNEL = {"channel": "auto", "channels": None}


def add(viewer: Any, name: str, *, shape: tuple[int, ...] = FLAT, **more: Any) -> Image:
    return viewer.add_image(np.zeros(shape, np.uint8), name=name, **more)


def add_labels(viewer: ViewerModel) -> Any:
    return viewer.add_labels(np.zeros(FLAT, int))


def titles(box: Any) -> list[str]:
    return [box.itemText(index) for index in range(box.count())]


def choose_axis(section: ImageSection, axis: int | None) -> None:
    section._channels._axes.setCurrentIndex(0 if axis is None else axis + 1)


def choose_channel(section: ImageSection, title: str) -> None:
    section._channels._channel.setCurrentText(title)


def channels_of(section: ImageSection) -> dict[str, Any]:
    """The settings that say where cells are looked for."""
    return {name: getattr(section.channels(), name) for name in NO_CHANNEL}


def untick(section: ImageSection, channel: int) -> None:
    section._channels._ticks.item(channel).setCheckState(Qt.CheckState.Unchecked)
