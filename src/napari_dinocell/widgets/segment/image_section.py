"""Which image, which of its channels, and how much of it. Reads no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import Channel
from napari_dinocell.widgets.layers.images import channel_axis_of, is_image
from napari_dinocell.widgets.segment.region_rows import Extent, RegionRows
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    TickList,
    choose_data,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.layer_choice import LayerChoice
from napari_dinocell.widgets.shared.listening import Listening

if TYPE_CHECKING:
    from napari.viewer import Viewer

_RGB = {
    "Automatic": "auto",
    "Gray": "gray",
    "Hematoxylin": "hematoxylin",
    "Red": 0,
    "Green": 1,
    "Blue": 2,
    "Max": "max",
    "Mean": "mean",
}
_PLAIN = {"Automatic": "auto"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """Which channels of a layer cells are looked for in."""

    axis: int | None
    """Of the layer's data, which holds the channels; None if there is none."""
    channel: Channel
    channels: tuple[int, ...] | None
    """Those that are taken together; None for all."""


class ImageSection(QWidget):
    """Choice of an image that is no result; follows a viewer's layers and selection."""

    layer_changed = Signal()
    """Another layer is chosen, or the chosen one has other data or axes."""
    changed = Signal()
    """The user changed channel or region."""
    link_changed = Signal()
    """The user wants cells to be linked from plane to plane, or no longer."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._memory: WeakKeyDictionary[Image, ChannelChoice] = WeakKeyDictionary()
        self._listening = Listening(self)
        self._images: LayerChoice[Image] = LayerChoice(viewer, is_image, "No image")
        self._channels = ChannelRows()
        self._regions = RegionRows()
        layout = column_layout(self)
        layout.addWidget(make_row("&Image:", self._images))
        layout.addWidget(self._channels)
        layout.addWidget(self._regions)
        self._connect()
        self._on_layer_chosen()

    def _connect(self) -> None:
        self._images.layer_changed.connect(self._on_layer_chosen)
        self._channels.changed.connect(self._on_channels_changed)
        self._regions.changed.connect(self.changed)
        self._regions.link_changed.connect(self.link_changed)
        self.destroyed.connect(self._listening.stop)  # this one is half gone by then

    def layer(self) -> Image | None:
        """The chosen layer; None if there is none to choose."""
        return self._images.layer()

    def set_layer(self, layer: object) -> None:
        """Choose a layer, and emit if it is another; one not listed changes nothing."""
        self._images.set_layer(layer)

    def channel_axis(self) -> int | None:
        """Axis of the layer's data that holds the channels; None if there is none."""
        return self._channels.axis()

    def region(self) -> Extent:
        """How much of the layer is to be segmented."""
        return self._regions.extent()

    def set_region(self, extent: Extent) -> None:
        """Choose how much without emitting; "all" only where there is a stack."""
        if extent != "all" or self._is_stack():
            self._regions.set_extent(extent)

    def channels(self) -> ChannelChoice:
        """Where in the layer cells are looked for."""
        return self._channels.choice()

    def show_used_channel(self, channel: Channel | None) -> None:
        """Say what "Automatic" was in the shown result; None for no result."""
        self._channels.show_used(channel)

    def link(self) -> bool:
        """Whether cells shall have one id in all planes, where there are several."""
        return self._regions.link()

    def set_link(self, link: bool) -> None:
        """Choose whether, without emitting."""
        self._regions.set_link(link)

    def read_layer(self) -> None:
        """Offer what the chosen layer has; its former channels stay if they can."""
        layer = self.layer()
        with signals_blocked(self):
            self._channels.show_layer(layer)
            if layer in self._memory:
                self._channels.set_choice(self._memory[layer])
            self._regions.set_is_stack(self._is_stack())
        describe(self._images, "Image", _layer_tip(layer))
        self.layer_changed.emit()

    def _on_layer_chosen(self) -> None:
        self._listening.stop()
        if (layer := self.layer()) is not None:
            emitters = (layer.events.data, layer.events.axis_labels)
            self._listening.listen(ImageSection.read_layer, *emitters)
        self.read_layer()

    def _is_stack(self) -> bool:
        """Whether the layer has axes besides Y, X and channel."""
        in_plane = 2 + (self.channel_axis() is not None)
        layer = self.layer()
        return layer is not None and layer.ndim > in_plane

    def _on_channels_changed(self) -> None:
        self._memory[self.layer()] = self.channels()
        with signals_blocked(self):
            self._regions.set_is_stack(self._is_stack())
        self.changed.emit()


class ChannelRows(QWidget):
    """Channel of an RGB image; or channel axis, channel, and ticks for several."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shape: tuple[int, ...] = ()
        self._axes = ElidedComboBox()
        describe(self._axes, "Channel axis", "Along which the channels lie, if any.")
        self._channel = ElidedComboBox()
        describe(self._channel, "Channel", "In which cells are looked for.")
        self._ticks = TickList()
        describe(self._ticks, "Channels", "Those that are taken together.")
        self._axis_row = make_row("Channel &axis:", self._axes)
        self._channel_row = make_row("&Channel:", self._channel)
        self._tick_row = make_row("", self._ticks)
        layout = column_layout(self)
        for row in (self._axis_row, self._channel_row, self._tick_row):
            layout.addWidget(row)
        self._axes.currentIndexChanged.connect(self._on_axis_changed)
        self._channel.currentIndexChanged.connect(self._on_channel_changed)
        self._ticks.ticks_changed.connect(self.changed)

    def show_layer(self, layer: Image | None) -> None:
        """Offer what a layer has, and choose the defaults."""
        is_rgb = layer is not None and bool(layer.rgb)
        labels = () if layer is None or is_rgb else layer.axis_labels[:-2]
        self._shape = _shape_of(layer) if labels else ()
        with signals_blocked(self._axes):
            self._axes.clear()
            self._axes.addItem("None", None)
            for axis, label in enumerate(labels):
                self._axes.addItem(_axis_title(axis, label, self._shape[axis]), axis)
            choose_data(self._axes, None if layer is None else channel_axis_of(layer))
        self._axis_row.setVisible(bool(labels))
        self.setVisible(is_rgb or bool(labels))
        self._list_channels(_RGB if is_rgb else _PLAIN)

    def axis(self) -> int | None:
        """The chosen axis of the layer's data; None if there is none."""
        return self._axes.currentData()

    def choice(self) -> ChannelChoice:
        """What is chosen."""
        ticked = self._ticks.ticked()
        part = self._goes_over_ticks() and len(ticked) < self._ticks.count()
        return ChannelChoice(
            axis=self.axis(),
            channel=self._channel.currentData(),
            channels=ticked if part else None,
        )

    def set_choice(self, choice: ChannelChoice) -> None:
        """Choose axis, channel and ticks, as far as they are offered."""
        choose_data(self._axes, choice.axis)
        choose_data(self._channel, choice.channel)
        self._ticks.set_ticked(choice.channels)

    def show_used(self, channel: Channel | None) -> None:
        """Name beside "Automatic" the channel that it was; None names none."""
        index = self._channel.findData("auto")
        if index >= 0:
            used = "" if channel is None else f" ({channel})"
            self._channel.setItemText(index, f"Automatic{used}")

    def _list_channels(self, titles: Mapping[str, Any]) -> None:
        """Offer these, or the channels along the chosen axis."""
        axis = self.axis()
        if axis is not None:
            numbered = {f"Channel {n}": n for n in range(self._shape[axis])}
            self._ticks.set_titles(list(numbered))
            titles = {**numbered, "Mean of several": "mean", "Max of several": "max"}
        with signals_blocked(self._channel):
            self._channel.clear()
            for title, channel in titles.items():
                self._channel.addItem(title, channel)
        self._channel_row.setVisible(titles is not _PLAIN)
        self._tick_row.setVisible(self._goes_over_ticks())

    def _goes_over_ticks(self) -> bool:
        is_several = self._channel.currentData() in ("mean", "max")
        return is_several and self.axis() is not None

    def _on_axis_changed(self) -> None:
        self._list_channels(_PLAIN)
        self.changed.emit()

    def _on_channel_changed(self) -> None:
        self._tick_row.setVisible(self._goes_over_ticks())
        self.changed.emit()


def _shape_of(layer: Image) -> tuple[int, ...]:
    return tuple(layer.data.shape)  # of the finest level, if there are several


def _axis_title(axis: int, label: str, size: int) -> str:
    """Its label, unless napari only numbered it: -3, -2, ..."""
    named = label.strip("- 0123456789")
    return f"{label if named else f'axis {axis}'} ({size})"


def _layer_tip(layer: Image | None) -> str:
    if layer is None:
        return "Open an image, or drop a file on the viewer."
    return f"{layer.name}: {layer.data.dtype}, {' × '.join(map(str, _shape_of(layer)))}"
