"""Whether the slices of stacks are segmented together, and how far apart they are."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.stack_config import LARGEST_SPACING
from napari_dinocell.session.batch.choices import Slices
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    NumberBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)

_TITLES: dict[Slices, str] = {
    "as set": "As in the settings",
    "volume": "As one volume",
    "planes": "Each by itself",
}


class SlicesRow(QWidget):
    """Choice of what slices (Z) are; where they are a volume, of their distance."""

    changed = Signal()
    """The user chose otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._slices = ElidedComboBox()
        for data, title in _TITLES.items():
            self._slices.addItem(title, data)
        describe(
            self._slices,
            "Slices",
            "Whether the slices (Z) of a stack are segmented together: cells go "
            "through slices then, and part from those above and below.",
        )
        self._spacing = NumberBox(0, LARGEST_SPACING, decimals=2, suffix=" px")
        self._spacing.setSpecialValueText("From the file")
        describe(
            self._spacing,
            "Distance from slice to slice in pixels",
            "Divided by the pixel size: 3 where slices are three times as far apart as "
            "pixels. By itself it is that of each file, and 1 where a file has none.",
        )
        self._spacing_row = make_row("Slices apart by:", self._spacing)
        layout = column_layout(self)
        layout.addWidget(make_row("Slices (&Z):", self._slices))
        layout.addWidget(self._spacing_row)
        self._slices.currentIndexChanged.connect(self._show_spacing)
        self._slices.currentIndexChanged.connect(self.changed)
        self._spacing.valueChanged.connect(self.changed)
        self._show_spacing()

    def slices(self) -> Slices:
        """What the slices of a stack are."""
        chosen: Slices = self._slices.currentData()
        return chosen

    def z_spacing(self) -> float:
        """Pixels from slice to slice; 0 leaves it to the files."""
        return float(self._spacing.value())

    def set_values(self, slices: Slices, z_spacing: float) -> None:
        """Show a choice without emitting."""
        with signals_blocked(self):
            choose_data(self._slices, slices)
            self._spacing.setValue(z_spacing)
            self._show_spacing()

    def _show_spacing(self) -> None:
        self._spacing_row.setVisible(self.slices() == "volume")
