"""Which labels, which planes, which images: choices only, nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.layers import Image, Labels
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QListWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.layers.labels_source import channels_of
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    TickList,
    column_layout,
    describe,
    make_row,
)

if TYPE_CHECKING:
    from napari.viewer import Viewer


class FreeTicks(TickList):
    """Several of a few, or none."""

    def _on_item_changed(self, _: QListWidgetItem) -> None:
        self.ticks_changed.emit()


class MeasureChoice(QWidget):
    """Choice of a labels layer, which follows the selection, and what to measure."""

    layer_changed = Signal()
    """Another labels layer is chosen, or the chosen one has other data."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layer: Labels | None = None
        self._listed: list[Labels] = []
        self._images: list[Image] = []
        self._unticked: set[str] = set()
        self._connected: list[tuple[Any, Any]] = []
        self._labels = ElidedComboBox()
        self._labels.setPlaceholderText("No labels")
        describe(self._labels, "Labels", "Whose cells are measured.")
        self._extent = ElidedComboBox()
        self._extent.addItem("All frames / slices", "all")
        self._extent.addItem("Shown plane", "plane")
        describe(self._extent, "Planes", "Each plane is measured by itself.")
        self._ticks = FreeTicks()
        describe(
            self._ticks, "Intensities", "Images over these labels, to be measured in."
        )
        self._extent_row = make_row("&Planes:", self._extent)
        self._tick_row = make_row("&Intensity:", self._ticks)
        layout = column_layout(self)
        layout.addWidget(make_row("&Labels:", self._labels))
        layout.addWidget(self._extent_row)
        layout.addWidget(self._tick_row)
        self._labels.currentIndexChanged.connect(self._on_index_changed)
        self._ticks.itemChanged.connect(self._on_ticked)
        self._connect()
        self.list_layers()
        self.follow_selection()

    def layer(self) -> Labels | None:
        """The chosen labels; None if there are none."""
        return self._layer

    def all_planes(self) -> bool:
        """Whether all planes are to be measured, not the shown one alone."""
        return self._extent.currentData() == "all"

    def images(self) -> list[Image]:
        """The ticked images, each of which lies over the labels."""
        return [self._images[row] for row in self._ticks.ticked()]

    def list_layers(self) -> None:
        """List the viewer's labels and images anew, and keep the choice."""
        layers = list(reversed(self._viewer.layers))
        self._listed = [layer for layer in layers if isinstance(layer, Labels)]
        with signals_blocked(self._labels):
            self._labels.clear()
            self._labels.addItems([layer.name for layer in self._listed])
        self._labels.setEnabled(bool(self._listed))
        top = self._listed[0] if self._listed else None
        self._choose(self._layer if self._layer in self._listed else top)
        self.list_images()

    def list_images(self) -> None:
        """Offer the images that lie over the labels; ticks stay as they were."""
        layer = self._layer
        images = [a for a in reversed(self._viewer.layers) if isinstance(a, Image)]
        plain = [image for image in images if not image.metadata.get("dinocell")]
        self._images = [a for a in plain if layer is not None and channels_of(a, layer)]
        with signals_blocked(self._ticks):
            self._ticks.set_titles([image.name for image in self._images])
            for row, image in enumerate(self._images):
                if str(image.unique_id) in self._unticked:
                    self._ticks.item(row).setCheckState(Qt.CheckState.Unchecked)
        self._tick_row.setVisible(bool(self._images))
        is_stack = layer is not None and layer.ndim > 2
        self._extent_row.setVisible(is_stack)

    def follow_selection(self) -> None:
        """Choose the labels that are active in the viewer, if any are."""
        active = self._viewer.layers.selection.active
        if active in self._listed:
            self._choose(self._listed[self._listed.index(active)])

    def disconnect_viewer(self) -> None:
        """Listen to the viewer no longer."""
        for emitter, on_event in self._connected:
            emitter.disconnect(on_event)
        self._connected.clear()

    def _connect(self) -> None:
        layers = self._viewer.layers
        names = ("inserted", "removed", "moved", "reordered", "renamed")
        for name in names:
            self._listen(getattr(layers.events, name), MeasureChoice.list_layers)
        active = layers.selection.events.active
        self._listen(active, MeasureChoice.follow_selection)
        self._listen(active, MeasureChoice.list_images)  # placed anew meanwhile?

    def _listen(self, emitter: Any, call: Callable[[MeasureChoice], None]) -> None:
        still_there = ref(self)

        def on_event(_: object) -> None:
            if (section := still_there()) is not None:
                call(section)

        emitter.connect(on_event)
        self._connected.append((emitter, on_event))

    def _choose(self, layer: Labels | None) -> None:
        index = -1 if layer is None else self._listed.index(layer)
        with signals_blocked(self._labels):
            self._labels.setCurrentIndex(index)
        if layer != self._layer:
            self._layer = layer
            self.list_images()
            self.layer_changed.emit()

    def _on_index_changed(self, index: int) -> None:
        self._choose(self._listed[index])

    def _on_ticked(self, item: QListWidgetItem) -> None:
        image = str(self._images[self._ticks.row(item)].unique_id)
        if item.checkState() == Qt.CheckState.Checked:
            self._unticked.discard(image)
        else:
            self._unticked.add(image)
