"""The chosen cell, and what can be corrected about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    column_layout,
    describe,
    make_row,
)

if TYPE_CHECKING:
    from napari_dinocell.engine.lineage.table import Lineage

NOTHING = "Click a branch of the tree, or pick a cell in the labels."


class LineageEditSection(QWidget):
    """Buttons; the other cell is typed, or Ctrl+clicked in the tree."""

    other_changed = Signal()
    """Another cell stands in the box."""

    def __init__(self) -> None:
        super().__init__()
        self._about = QLabel(NOTHING)
        self._about.setWordWrap(True)
        self._other = NumberBox(0, 2**31 - 1)
        self._other.setSpecialValueText("none")
        describe(
            self._other,
            "Other cell",
            "Ctrl+click a branch of the tree, or type its id; 0 is none.",
        )
        self.mother = _button(
            "Is &mother",
            "The chosen cell is a daughter of the other one, or of none. A mother who "
            "lives on beside her daughter divides there.",
        )
        self.merge = _button(
            "M&erge tracks",
            "The chosen cell and the other one are one cell through time, under the id "
            "of the earlier one. They may not be in one frame.",
        )
        self.split = _button(
            "S&plit here",
            "From the shown frame on the chosen cell is another one, with a new id.",
        )
        self.delete = _button("&Delete", "Takes the chosen cell out of all frames.")
        self.undo = _button("&Undo", "As Ctrl+Z over the labels: the last correction.")
        self.redo = _button("&Redo", "As Ctrl+Shift+Z over the labels.")
        layout = column_layout(self)
        layout.addWidget(self._about)
        layout.addWidget(make_row("&Other cell:", self._other))
        layout.addWidget(make_row("", self.mother, self.merge))
        layout.addWidget(make_row("", self.split, self.delete))
        layout.addWidget(make_row("", self.undo, self.redo))
        self._other.valueChanged.connect(self.other_changed)
        self.show_cell(None, 0)

    def other(self) -> int:
        """Id of the other cell; 0 for none."""
        return int(self._other.value())

    def set_other(self, cell: int) -> None:
        """Choose the other cell."""
        self._other.setValue(cell)

    def show_cell(self, lineage: Lineage | None, cell: int) -> None:
        """Say what is known of a cell, and offer what can be done to it."""
        track = None if lineage is None else lineage.by_id.get(cell)
        for button in (self.mother, self.merge, self.split, self.delete):
            button.setEnabled(track is not None)
        for button in (self.undo, self.redo):
            button.setEnabled(lineage is not None)
        if track is None or lineage is None:
            self._about.setText(NOTHING)
            return
        daughters = ", ".join(map(str, lineage.children.get(cell, ()))) or "none"
        self._about.setText(
            f"Cell {cell}: frames {track.first} to {track.last}; mother "
            f"{track.parent or 'none'}; daughters {daughters}."
        )

    def about(self) -> str:
        """What is said of the cell."""
        return self._about.text()


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    describe(button, text.replace("&", ""), tip)
    return button
