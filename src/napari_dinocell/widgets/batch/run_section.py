"""Run or Cancel, progress, the table of images, and what is said about the batch."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from napari_dinocell.widgets.batch.table import BatchTable
from napari_dinocell.widgets.segment.run_section import (
    BAR_STYLE,
    BUTTON_STYLE,
    RunButton,
    RunState,
    duration_text,
)
from napari_dinocell.widgets.shared.controls import column_layout, describe
from napari_dinocell.widgets.shared.message_line import MessageLevel, MessageLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.batch.summary import SummaryRow
    from napari_dinocell.session.batch.progress import BatchProgress

_TITLES = {"idle": "&Run", "running": "Cancel", "cancelling": "Cancelling ..."}

STEPS = 1000
"""Of the bar for each image."""


class BatchRunSection(QWidget):
    """Button, bar, table and messages of the Batch dock."""

    run_requested = Signal()
    cancel_requested = Signal()
    row_opened = Signal(int)
    """The user wants to see this row's image and labels."""
    folder_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: RunState = "idle"
        self._reason = ""
        self._button = RunButton()
        self._button.setStyleSheet(BUTTON_STYLE)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setStyleSheet(BAR_STYLE)
        describe(self._bar, "Progress", "How far the batch has come.")
        self._progress = QLabel()
        self._progress.setWordWrap(True)
        self._progress.hide()
        self._message = MessageLine()
        self._hint = MessageLine()
        self._table = BatchTable()
        self._remark = MessageLine()
        self._folder = QPushButton("Open fol&der")
        describe(self._folder, "Open folder", "Shows the results in the file manager.")
        self._folder.setEnabled(False)
        layout = column_layout(self)
        said = (self._progress, self._message, self._hint)
        for part in (self._button, self._bar, *said, self._table, self._remark):
            layout.addWidget(part, stretch=1 if part is self._table else 0)
        layout.addWidget(self._folder)
        self._shortcut = QShortcut(self)
        self._connect()
        self.set_state("idle")

    def _connect(self) -> None:
        self._button.clicked.connect(self._on_clicked)
        self._folder.clicked.connect(self.folder_requested)
        self._table.activated.connect(lambda index: self.row_opened.emit(index.row()))
        selection = self._table.selectionModel()
        selection.currentRowChanged.connect(lambda *_: self._show_remark())
        shortcut = self._shortcut
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setKeys([QKeySequence("Ctrl+Return"), QKeySequence("Ctrl+Enter")])
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(self._on_shortcut)

    def changeEvent(self, event: QEvent | None) -> None:
        """Let the shortcut go along to another parent."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange:
            self._shortcut.setParent(self.parentWidget() or self)

    def set_state(self, state: RunState) -> None:
        """Show that nothing runs, that a batch is under way, or that it is to end."""
        if state == "running":
            self._bar.setRange(0, 0)
            self._progress.setText("")
        if state == "idle":
            self._table.images.stop_work()
        self._state = state
        self._bar.setVisible(state != "idle")
        self._progress.setVisible(state != "idle" and bool(self._progress.text()))
        self._update_button()

    def set_enabled_reason(self, reason: str) -> None:
        """Say why Run cannot be pressed; "" lets it be pressed."""
        self._reason = reason
        self._update_button()

    def show_progress(self, progress: BatchProgress, what: str) -> None:
        """Show how far the batch has come; `what` is about the image at work."""
        self._bar.setRange(0, max(progress.total, 1) * STEPS)
        self._bar.setValue(round((progress.done + progress.fraction) * STEPS))
        text = progress_text(progress, what)
        self._progress.setText(text)
        self._progress.setVisible(self._state != "idle")

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Show a sentence until the next one; "" takes it away."""
        self._message.show_message(text, level)

    def show_rows(self, rows: Sequence[SummaryRow]) -> None:
        """Show other images."""
        self._table.images.set_rows(rows)
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

    def _show_remark(self) -> None:
        """Show what is to be said about the selected row."""
        row = self._table.selected_row()
        failed = row is not None and row.status == "failed"
        text = "" if row is None else row.remark
        self._remark.show_message(text, "error" if failed else "info")

    def set_folder_exists(self, exists: bool) -> None:
        """Whether there are results to show in the file manager."""
        self._folder.setEnabled(exists)

    def _update_button(self) -> None:
        is_idle = self._state == "idle"
        can_press = not self._reason if is_idle else self._state == "running"
        self._button.setText(_TITLES[self._state])
        self._button.setProperty("primary", is_idle)
        self._button.style().polish(self._button)  # as the property has changed
        self._button.setEnabled(can_press)
        describe(self._button, _TITLES[self._state].replace("&", ""), self._tip())
        self._hint.show_message(self._reason if is_idle else "")

    def _tip(self) -> str:
        if self._state == "idle":
            return self._reason or "Segments all images, one after the other."
        return "Ends the batch; images that are done stay."

    def _on_clicked(self) -> None:
        if self._state == "idle":
            self.run_requested.emit()
        elif self._state == "running":
            self.cancel_requested.emit()

    def _on_shortcut(self) -> None:
        if self._state == "idle" and not self._reason:
            self.run_requested.emit()


def progress_text(progress: BatchProgress, what: str) -> str:
    """Such as "3 of 6 images, 2 min 5 s left. b.tif: page 2 of 12"."""
    parts = [f"{progress.done} of {progress.total} images"]
    if progress.seconds_left:
        parts.append(f"{duration_text(ceil(progress.seconds_left))} left")
    return f"{', '.join(parts)}. {what}".strip()
