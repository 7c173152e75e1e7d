"""Which labels are corrected: a list that follows the selection in the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    column_layout,
    describe,
    make_row,
)

if TYPE_CHECKING:
    from napari.viewer import Viewer


class CorrectChoice(QWidget):
    """Choice of a labels layer."""

    layer_changed = Signal()
    """Another labels layer is chosen."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layer: Labels | None = None
        self._listed: list[Labels] = []
        self._connected: list[tuple[Any, Any]] = []
        self._box = ElidedComboBox()
        self._box.setPlaceholderText("No labels")
        describe(self._box, "Labels", "Whose cells are corrected.")
        column_layout(self).addWidget(make_row("&Labels:", self._box))
        self._box.currentIndexChanged.connect(self._on_index_changed)
        self._connect()
        self.list_layers()
        self.follow_selection()

    def layer(self) -> Labels | None:
        """The chosen labels; None if there are none."""
        return self._layer

    def list_layers(self) -> None:
        """List the viewer's labels anew, and keep the choice if it is there."""
        layers = list(reversed(self._viewer.layers))
        self._listed = [layer for layer in layers if isinstance(layer, Labels)]
        with signals_blocked(self._box):
            self._box.clear()
            self._box.addItems([layer.name for layer in self._listed])
        self._box.setEnabled(bool(self._listed))
        top = self._listed[0] if self._listed else None
        self._choose(self._layer if self._layer in self._listed else top)

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
        layers, still_there = self._viewer.layers, ref(self)

        def on_listed(_: object) -> None:
            if (section := still_there()) is not None:
                section.list_layers()

        def on_active(_: object) -> None:
            if (section := still_there()) is not None:
                section.follow_selection()

        names = ("inserted", "removed", "moved", "reordered", "renamed")
        pairs = [(getattr(layers.events, name), on_listed) for name in names]
        for emitter, call in (*pairs, (layers.selection.events.active, on_active)):
            emitter.connect(call)
            self._connected.append((emitter, call))

    def _choose(self, layer: Labels | None) -> None:
        index = -1 if layer is None else self._listed.index(layer)
        with signals_blocked(self._box):
            self._box.setCurrentIndex(index)
        if layer != self._layer:
            self._layer = layer
            self.layer_changed.emit()

    def _on_index_changed(self, index: int) -> None:
        self._choose(self._listed[index])
