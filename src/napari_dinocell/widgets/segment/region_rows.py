"""How much of an image is segmented, and whether its planes belong together."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QPushButton, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)

Extent: TypeAlias = Literal["view", "plane", "all", "volume"]
"""The visible region, the whole plane, or all planes of a stack: each by itself, or cut
together."""

OF_STACKS: tuple[Extent, ...] = ("all", "volume")

_EXTENTS = {
    "view": "Visible region",
    "plane": "Whole plane",
    "all": "All frames / slices",
    "volume": "Volume (slices together)",
}


class RegionRows(QWidget):
    """Choice of the region; where it is a whole stack, whether cells are linked."""

    changed = Signal()
    """The user chose another region."""
    link_changed = Signal()
    """The user wants cells to be linked, or no longer."""

    def __init__(self) -> None:
        super().__init__()
        self._extent = ElidedComboBox()
        for extent, title in _EXTENTS.items():
            self._extent.addItem(title, extent)
        describe(
            self._extent,
            "Region",
            "How much of the image is segmented. As a volume, cells go through slices, "
            "and part from those above and below; how far slices are apart is taken "
            "from the layer's scale.",
        )
        self._link = QCheckBox("Same id in all frames")
        describe(
            self._link,
            "Same id in all frames or slices",
            "A cell keeps its id and color from frame to frame, or slice to slice: "
            "tracking by overlap (IoU tracking in the literature). A cell that moves "
            "by more than two thirds of its diameter gets a new id. Does not need "
            "the network.",
        )
        self.lineage = QPushButton("Lineage ...")
        describe(
            self.lineage,
            "Lineage",
            "Opens the Lineage dock: divisions, tracks, the tree, corrections.",
        )
        self._link_row = make_row("", self._link, self.lineage)
        layout = column_layout(self)
        layout.addWidget(make_row("&Region:", self._extent))
        layout.addWidget(self._link_row)
        self._extent.currentIndexChanged.connect(self._on_extent_changed)
        self._link.toggled.connect(self._show_link)
        self._link.toggled.connect(self.link_changed)
        self.set_extent("plane")

    def extent(self) -> Extent:
        """How much is to be segmented."""
        chosen: Extent = self._extent.currentData()
        return chosen

    def set_extent(self, extent: Extent) -> None:
        """Choose how much, without emitting."""
        with signals_blocked(self):
            choose_data(self._extent, extent)
            self._show_link()

    def set_is_stack(self, is_stack: bool) -> None:
        """Offer all planes only where there are several."""
        for extent in OF_STACKS:
            index = self._extent.findData(extent)
            self._extent.model().item(index).setEnabled(is_stack)
        if self.extent() in OF_STACKS and not is_stack:
            choose_data(self._extent, "plane")

    def link(self) -> bool:
        """Whether cells shall have one id in all planes."""
        return self._link.isChecked()

    def set_link(self, link: bool) -> None:
        """Choose whether, without emitting."""
        with signals_blocked(self):
            self._link.setChecked(link)
            self._show_link()

    def _show_link(self) -> None:
        self._link_row.setVisible(self.extent() == "all")
        self.lineage.setEnabled(self.link())

    def _on_extent_changed(self) -> None:
        self._show_link()
        self.changed.emit()
