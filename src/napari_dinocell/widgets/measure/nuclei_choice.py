"""Which labels are the nuclei of the cells that are measured, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from superqt.utils import signals_blocked

from napari_dinocell.widgets.shared.controls import ElidedComboBox, describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Labels

NONE = "None"


class NucleiChoice(ElidedComboBox):
    """Choice of a labels layer, or of none: nothing is chosen by itself."""

    layer_changed = Signal()
    """Another layer is chosen, or none any more."""

    def __init__(self) -> None:
        super().__init__()
        self._listed: list[Labels] = []
        self._layer: Labels | None = None
        self.addItem(NONE)
        describe(
            self,
            "Nuclei",
            "Labels of the nuclei of these cells: cell, nucleus and cytoplasm are "
            "measured side by side. A nucleus belongs to the cell that has most of it.",
        )
        self.currentIndexChanged.connect(self._on_index_changed)

    def layer(self) -> Labels | None:
        """The chosen labels; None if there are none."""
        return self._layer

    def list_layers(self, layers: Sequence[Labels]) -> None:
        """Offer these layers; the choice stays if it is among them."""
        self._listed = list(layers)
        with signals_blocked(self):
            self.clear()
            self.addItems([NONE, *(layer.name for layer in layers)])
        there = self._layer is not None and self._layer in self._listed
        self.setCurrentIndex(1 + self._listed.index(self._layer) if there else 0)
        self._on_index_changed(self.currentIndex())

    def _on_index_changed(self, index: int) -> None:
        layer = self._listed[index - 1] if index > 0 else None
        if layer != self._layer:
            self._layer = layer
            self.layer_changed.emit()
