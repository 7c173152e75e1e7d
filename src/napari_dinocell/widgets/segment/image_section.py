"""Which image, which of its channels, and how much of it. Reads no pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.layers.image_source import current_steps
from napari_dinocell.widgets.layers.images import (
    is_image,
    move_last_axis_first,
    shape_of,
)
from napari_dinocell.widgets.segment.axis_question import AxisQuestion, doubt_about
from napari_dinocell.widgets.segment.channel_rows import ChannelChoice, ChannelRows
from napari_dinocell.widgets.segment.inside_row import InsideRow
from napari_dinocell.widgets.segment.region_rows import Extent, RegionRows
from napari_dinocell.widgets.shared.controls import (
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.layer_choice import LayerChoice
from napari_dinocell.widgets.shared.listening import Listening

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dinocell.engine.config import Channel


class ImageSection(QWidget):
    """Choice of an image that is no result; follows a viewer's layers and selection."""

    layer_changed = Signal()
    """Another layer is chosen, or the chosen one has other data or axes."""
    changed = Signal()
    """The user changed channel or region."""
    link_changed = Signal()
    """The user wants cells to be linked from plane to plane, or no longer."""
    lineage_wanted = Signal()
    """The user wants to see who is whose daughter."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._memory: WeakKeyDictionary[Image, tuple[ChannelChoice, bool]] = (
            WeakKeyDictionary()
        )
        self._listening, self._sliders = Listening(self), Listening(self)
        self._images: LayerChoice[Image] = LayerChoice(viewer, is_image, "No image")
        self._question = AxisQuestion()
        self._channels = ChannelRows()
        self._regions = RegionRows()
        self.inside = InsideRow(viewer)
        layout = column_layout(self)
        layout.addWidget(make_row("&Image:", self._images))
        layout.addWidget(self._question)
        layout.addWidget(self._channels)
        layout.addWidget(self._regions)
        layout.addWidget(self.inside)
        self._connect()
        self._on_layer_chosen()

    def _connect(self) -> None:
        self._images.layer_changed.connect(self._on_layer_chosen)
        self._question.answered.connect(self._on_answered)
        self._channels.changed.connect(self._on_channels_changed)
        self._channels.followed.connect(self.changed)
        self._regions.changed.connect(self.changed)
        self._regions.link_changed.connect(self.link_changed)
        self._regions.lineage.clicked.connect(self.lineage_wanted)
        point = self._viewer.dims.events.point
        self._sliders.listen(ImageSection._show_plane, point)
        for listening in (self._listening, self._sliders):
            self.destroyed.connect(listening.stop)  # this one is half gone by then

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
            self._show_plane()
            self._channels.show_layer(layer)
            self._ask()
            if layer in self._memory:
                choice, follows = self._memory[layer]
                self._channels.set_choice(choice, follows=follows)
            self._regions.set_is_stack(self._is_stack())
        describe(self._images, "Image", _layer_tip(layer))
        self.layer_changed.emit()

    def _ask(self) -> None:
        """Ask what an axis is, unless the user has chosen channels of this layer."""
        layer = self.layer()
        if layer is None or layer in self._memory:
            self._question.ask("", 0)
            return
        doubt = doubt_about(layer)
        self._question.ask(doubt, shape_of(layer)[-1 if doubt == "last" else 0])

    def _on_answered(self, holds_channels: bool) -> None:
        layer, doubt = self.layer(), self._question.doubt
        assert layer is not None  # there is a question about it
        if holds_channels and doubt == "last":
            move_last_axis_first(layer)
            self._viewer.reset_view()  # it shows rows and columns now
        self._channels.set_axis(0 if holds_channels else None)
        self._on_channels_changed()

    def _show_plane(self) -> None:
        """Tell the channels which plane the viewer shows."""
        layer = self.layer()
        steps = () if layer is None else current_steps(layer, self._viewer.dims)
        self._channels.show_plane(steps)

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
        self._memory[self.layer()] = self.channels(), self._channels.follows()
        self._question.ask("", 0)
        with signals_blocked(self):
            self._regions.set_is_stack(self._is_stack())
        self.changed.emit()


def _layer_tip(layer: Image | None) -> str:
    if layer is None:
        return "Open an image, or drop a file on the viewer."
    return f"{layer.name}: {layer.data.dtype}, {' × '.join(map(str, shape_of(layer)))}"
