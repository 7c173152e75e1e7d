"""Whose lineage is shown, and how: choices only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_dinocell.widgets.layers.labels_choice import labels_choice
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer


class LineageChoice(QWidget):
    """Choice of a labels layer, which follows the selection, and of what is drawn."""

    layer_changed = Signal()
    """Another labels layer is chosen, or the chosen one has other data."""
    families_changed = Signal()
    """Single cells are to be left out, or shown again."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._labels = labels_choice(
            viewer, "Frames in which a cell keeps its id, whose lineage is found."
        )
        self._families = QCheckBox("Only cells that divide")
        describe(
            self._families,
            "Only cells that divide",
            "The tree leaves out cells without mother and daughters.",
        )
        layout = column_layout(self)
        layout.addWidget(make_row("&Labels:", self._labels))
        layout.addWidget(make_row("", self._families))
        self._labels.layer_changed.connect(self.layer_changed)
        self._families.toggled.connect(self.families_changed)

    def layer(self) -> Labels | None:
        """The chosen labels; None if there are none."""
        return self._labels.layer()

    def families_only(self) -> bool:
        """Whether the tree shows families alone."""
        return self._families.isChecked()

    def disconnect_viewer(self) -> None:
        """Listen to the viewer no longer."""
        self._labels.disconnect_viewer()
