"""What runs a measurement, and the ways out: table and file."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QPushButton

from napari_dinocell.widgets.shared.controls import SPACING, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine
from napari_dinocell.widgets.shared.run_box import RunBox, RunWords

STALE = "The labels have changed: these measurements are stale. Press Measure."

NO_LABELS = "Open labels first, or segment an image."

_WORDS = RunWords(
    start="&Measure",
    ready="Measures the cells of the chosen labels, and puts the numbers into the "
    "features of the layer.",
    cancel="Ends the measurement; a former one stays.",
    cancelling="The measurement ends as soon as the plane at work is done.",
    progress="How many planes have been measured.",
)


class MeasureRunSection(RunBox):
    """Measure, and the ways out: table and file."""

    def __init__(self) -> None:
        super().__init__(_WORDS)
        self._stale = MessageLine()
        self.say_above_message(self._stale)
        self.table = QPushButton("Open &table")
        describe(self.table, "Open table", "All cells; a row leads to its cell.")
        self.export = QPushButton("E&xport CSV...")
        describe(
            self.export,
            "Export CSV",
            "Writes one row per cell, and per plane of a stack, to a file.",
        )
        self.column.setContentsMargins(SPACING, 0, SPACING, SPACING)  # as in a fold
        self._in_range = QCheckBox("CSV with cells in the range only")
        describe(
            self._in_range,
            "CSV with cells in the range only",
            "Leaves out those that the range of the column below hides.",
        )
        self.column.addWidget(make_row("", self.table, self.export))
        self.column.addWidget(self._in_range)
        self.set_measured(measured=False, stale=False)

    def set_can_measure(self, can_measure: bool) -> None:
        """Whether there are labels."""
        self.set_enabled_reason("" if can_measure else NO_LABELS)

    def set_measured(self, *, measured: bool, stale: bool) -> None:
        """Whether there are measurements, and whether they hold no longer."""
        self._stale.show_message(STALE if stale else "", "warning")
        self.table.setEnabled(measured)
        self.export.setEnabled(measured and not stale)

    def in_range_only(self) -> bool:
        """Whether cells outside of the range are left out of the file."""
        return self._in_range.isChecked()

    def show_progress(self, done: int, total: int) -> None:
        """Show how many planes were measured."""
        self.move_bar(done, total, f"Plane {done} of {total}")
