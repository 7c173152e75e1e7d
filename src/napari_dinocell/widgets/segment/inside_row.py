"""Choice of drawn shapes outside of which no cells are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.layers.drawn_shapes import is_shapes
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.layer_choice import list_events
from napari_dinocell.widgets.shared.listening import Listening

if TYPE_CHECKING:
    from napari.layers import Shapes
    from napari.viewer import Viewer

EVERYWHERE = "Everywhere"


class InsideRow(QWidget):
    """Everywhere, or one of the viewer's layers of shapes; hidden while it has none."""

    changed = Signal()
    """Other shapes are chosen, none any more, or the chosen ones were changed."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layer: Shapes | None = None
        self._listed: list[Shapes] = []
        self._box = ElidedComboBox()
        describe(
            self._box,
            "Where cells are wanted",
            "Cells are kept if their innermost pixel lies in one of the shapes of a "
            "layer, in all planes; they are not cut. Follows the shapes while you draw "
            "them. Lines and paths have no inside.",
        )
        column_layout(self).addWidget(make_row("Insi&de:", self._box))
        self._viewer_listening, self._listening = Listening(self), Listening(self)
        self._viewer_listening.listen(
            InsideRow.list_layers, *list_events(viewer.layers)
        )
        self._box.currentIndexChanged.connect(self._on_chosen)
        self.destroyed.connect(self._viewer_listening.stop)
        self.destroyed.connect(self._listening.stop)
        self.list_layers()

    def layer(self) -> Shapes | None:
        """The chosen shapes; None for everywhere."""
        return self._layer

    def set_layer(self, layer: Shapes | None) -> None:
        """Choose shapes, and emit if they are others."""
        if layer is None or layer in self._listed:
            index = 0 if layer is None else 1 + self._listed.index(layer)
            self._box.setCurrentIndex(index)

    def list_layers(self) -> None:
        """List the viewer's layers anew, and keep the choice if it is there."""
        layers = reversed(self._viewer.layers)
        self._listed = [layer for layer in layers if is_shapes(layer)]
        kept = self._layer if self._layer in self._listed else None
        with signals_blocked(self._box):
            self._box.clear()
            self._box.addItems([EVERYWHERE, *(layer.name for layer in self._listed)])
            self._box.setCurrentIndex(
                0 if kept is None else 1 + self._listed.index(kept)
            )
        self.setVisible(bool(self._listed))
        self._attend(kept)

    def _on_chosen(self, index: int) -> None:
        self._attend(self._listed[index - 1] if index > 0 else None)

    def _attend(self, layer: Shapes | None) -> None:
        if layer is self._layer:
            return
        self._listening.stop()
        self._layer = layer
        if layer is not None:
            self._listening.listen(InsideRow._on_drawn, layer.events.data)
        self.changed.emit()

    def _on_drawn(self) -> None:
        self.changed.emit()
