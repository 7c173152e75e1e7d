"""The Measure button, which becomes Cancel, and what is said about measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_dinocell.widgets.shared.controls import (
    SPACING,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from napari_dinocell.widgets.shared.message_line import MessageLevel

STALE = "The labels have changed: these measurements are stale. Press Measure."


class MeasureRunSection(QWidget):
    """Measure, and the ways out: table and file."""

    measure_requested = Signal()
    cancel_requested = Signal()
    table_requested = Signal()
    export_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._running = False
        self._button = QPushButton()
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stale = MessageLine()
        self._message = MessageLine()
        self._table = QPushButton("Open &table")
        describe(self._table, "Open table", "All cells; a row leads to its cell.")
        self._export = QPushButton("E&xport CSV...")
        describe(
            self._export,
            "Export CSV",
            "Writes one row per cell, and per plane of a stack, to a file.",
        )
        layout = column_layout(self)
        layout.setContentsMargins(SPACING, 0, SPACING, SPACING)  # as in a fold
        layout.addWidget(self._button)
        layout.addWidget(self._stale)
        layout.addWidget(self._message)
        layout.addWidget(make_row("", self._table, self._export))
        self._button.clicked.connect(self._on_clicked)
        self._table.clicked.connect(self.table_requested)
        self._export.clicked.connect(self.export_requested)
        self.set_running(False)
        self.set_state(measured=False, stale=False)

    def set_running(self, running: bool) -> None:
        """Whether a measurement is under way."""
        self._running = running
        self._button.setText("Cancel" if running else "&Measure")
        describe(
            self._button,
            "Cancel" if running else "Measure",
            "Ends the measurement; a former one stays."
            if running
            else "Measures the cells of the chosen labels, and puts the numbers into "
            "the features of the layer.",
        )

    def set_can_measure(self, can_measure: bool) -> None:
        """Whether there are labels."""
        self._button.setEnabled(can_measure)

    def set_state(self, *, measured: bool, stale: bool) -> None:
        """Whether there are measurements, and whether they hold no longer."""
        self._stale.show_message(STALE if stale else "", "warning")
        self._table.setEnabled(measured)
        self._export.setEnabled(measured and not stale)

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Show a sentence until the next one; "" takes it away."""
        self._message.show_message(text, level)

    def _on_clicked(self) -> None:
        if self._running:
            self.cancel_requested.emit()
        else:
            self.measure_requested.emit()
