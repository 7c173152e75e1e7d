"""What runs a batch, the table of its images, and what is said about them."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton

from napari_dinocell.widgets.batch.table import BatchTable
from napari_dinocell.widgets.shared.controls import SPACING, describe
from napari_dinocell.widgets.shared.message_line import MessageLine
from napari_dinocell.widgets.shared.run_box import RunBox, RunWords, duration_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.batch.summary import SummaryRow
    from napari_dinocell.session.batch.progress import BatchProgress
    from napari_dinocell.widgets.shared.run_box import JobState

_WORDS = RunWords(
    start="&Run",
    ready="Segments all images, one after the other.",
    cancel="Ends the batch; images that are done stay.",
    cancelling="The batch ends as soon as the tiles at work are done.",
    progress="How far the batch has come.",
)

STEPS = 1000
"""Of the bar for each image."""


class BatchRunSection(RunBox):
    """Button, bar, table and messages of the Batch dock."""

    row_opened = Signal(int)
    """The user wants to see this row's image and labels."""

    def __init__(self) -> None:
        super().__init__(_WORDS)
        self._table = BatchTable()
        self._table.hide()  # settings need the room until there are images in it
        self._remark = MessageLine()
        self.folder = QPushButton("Open fol&der")
        describe(self.folder, "Open folder", "Shows the results in the file manager.")
        self.folder.setEnabled(False)
        self.column.setContentsMargins(SPACING, 0, SPACING, SPACING)  # as in a fold
        self.column.addWidget(self._table, stretch=1)
        self.column.addWidget(self._remark)
        self.column.addWidget(self.folder)
        self._table.activated.connect(lambda index: self.row_opened.emit(index.row()))
        selection = self._table.selectionModel()
        selection.currentRowChanged.connect(lambda *_: self._show_remark())

    def set_state(self, state: JobState) -> None:
        """Show that nothing runs, that a batch is under way, or that it is to end."""
        super().set_state(state)
        if state == "idle":
            self._table.images.stop_work()

    def show_progress(self, progress: BatchProgress, what: str) -> None:
        """Show how far the batch has come; `what` is about the image at work."""
        done = round((progress.done + progress.fraction) * STEPS)
        total = max(progress.total, 1) * STEPS
        self.move_bar(done, total, progress_text(progress, what))

    def show_rows(self, rows: Sequence[SummaryRow]) -> None:
        """Show other images."""
        self._table.images.set_rows(rows)
        self._table.setVisible(bool(rows))
        self._show_remark()

    def show_row(self, number: int, row: SummaryRow) -> None:
        """Show how an image went."""
        self._table.images.set_row(number, row)
        self._show_remark()

    def show_work(self, number: int, fraction: float) -> None:
        """Show how far the image at work has come, and keep it in view."""
        self._table.images.show_work(number, fraction)
        if self._table.selected_row() is None:
            self._table.scrollTo(self._table.images.index(number, 0))

    def point_at_failed(self) -> None:
        """Select the first image that failed, unless the user looks at another one."""
        rows = [row.status for row in self._table.images.rows]
        if self._table.selected_row() is None and "failed" in rows:
            self._table.selectRow(rows.index("failed"))

    def _show_remark(self) -> None:
        """Show what is to be said about the selected row."""
        row = self._table.selected_row()
        failed = row is not None and row.status == "failed"
        text = "" if row is None else row.remark
        self._remark.show_message(text, "error" if failed else "info")


def progress_text(progress: BatchProgress, what: str) -> str:
    """Such as "3 of 6 images, 2 min 5 s left. b.tif: page 2 of 12"."""
    parts = [f"{progress.done} of {progress.total} images"]
    if progress.seconds_left:
        parts.append(f"{duration_text(ceil(progress.seconds_left))} left")
    return f"{', '.join(parts)}. {what}".strip()
