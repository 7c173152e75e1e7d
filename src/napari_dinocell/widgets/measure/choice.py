"""Which labels, which planes, which images: choices only, nothing is measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image, Labels
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QListWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.layers.images import images_among
from napari_dinocell.widgets.layers.labels_choice import labels_choice
from napari_dinocell.widgets.layers.labels_source import channels_of, labels_over
from napari_dinocell.widgets.measure.nuclei_choice import NucleiChoice
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    TickList,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.layer_choice import list_events
from napari_dinocell.widgets.shared.listening import Listening

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
    nuclei_changed = Signal()
    """Another layer of nuclei is chosen, or none any more."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._images: list[Image] = []
        self._unticked: set[str] = set()
        self._labels = labels_choice(viewer, "Whose cells are measured.")
        self._extent = ElidedComboBox()
        self._extent.addItem("All frames / slices", "all")
        self._extent.addItem("Shown plane", "plane")
        describe(self._extent, "Planes", "Each plane is measured by itself.")
        self._ticks = FreeTicks()
        describe(
            self._ticks, "Intensities", "Images over these labels, to be measured in."
        )
        self._nuclei = NucleiChoice()
        self._nuclei_row = make_row("&Nuclei:", self._nuclei)
        self._extent_row = make_row("&Planes:", self._extent)
        self._tick_row = make_row("&Intensity:", self._ticks)
        layout = column_layout(self)
        layout.addWidget(make_row("&Labels:", self._labels))
        layout.addWidget(self._nuclei_row)
        layout.addWidget(self._extent_row)
        layout.addWidget(self._tick_row)
        self._labels.layer_changed.connect(self._on_layer_changed)
        self._nuclei.layer_changed.connect(self.nuclei_changed)
        self._ticks.itemChanged.connect(self._on_ticked)
        layers = viewer.layers
        self._listening = Listening(self)
        self._listening.listen(
            MeasureChoice.list_images,
            *list_events(layers),
            layers.selection.events.active,  # placed anew meanwhile?
        )
        self.list_images()

    def layer(self) -> Labels | None:
        """The chosen labels; None if there are none."""
        return self._labels.layer()

    def nuclei(self) -> Labels | None:
        """The labels of the nuclei of these cells; None if only cells are measured."""
        return self._nuclei.layer()

    def all_planes(self) -> bool:
        """Whether all planes are to be measured, not the shown one alone."""
        return self._extent.currentData() == "all"

    def images(self) -> list[Image]:
        """The ticked images, each of which lies over the labels."""
        return [self._images[row] for row in self._ticks.ticked()]

    def list_images(self) -> None:
        """Offer the images that lie over the labels; ticks stay as they were."""
        layer = self._labels.layer()
        images = images_among(reversed(self._viewer.layers))
        over = [a for a in images if layer is not None and channels_of(a, layer)]
        self._images = over
        with signals_blocked(self._ticks):
            self._ticks.set_titles([image.name for image in self._images])
            for row, image in enumerate(self._images):
                if str(image.unique_id) in self._unticked:
                    self._ticks.item(row).setCheckState(Qt.CheckState.Unchecked)
        self._tick_row.setVisible(bool(self._images))
        others = labels_over(reversed(self._viewer.layers), layer) if layer else []
        self._nuclei.list_layers(others)
        self._nuclei_row.setVisible(bool(others))
        is_stack = layer is not None and layer.ndim > 2
        self._extent_row.setVisible(is_stack)

    def disconnect_viewer(self) -> None:
        """Listen to the viewer no longer."""
        self._labels.disconnect_viewer()
        self._listening.stop()

    def _on_layer_changed(self) -> None:
        self.list_images()
        self.layer_changed.emit()

    def _on_ticked(self, item: QListWidgetItem) -> None:
        image = str(self._images[self._ticks.row(item)].unique_id)
        if item.checkState() == Qt.CheckState.Checked:
            self._unticked.discard(image)
        else:
            self._unticked.add(image)
