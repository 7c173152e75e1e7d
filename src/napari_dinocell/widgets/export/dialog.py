"""Dialog that writes a labels layer in one or more formats.

Asks before anything is replaced, and shows how the writing goes; what is written is
`ExportForm`'s, the writing `ExportWorker`'s.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices, QShowEvent
from qtpy.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.export.form import ExportForm
from napari_dinocell.widgets.export.job import (
    ExportEvent,
    ExportProgress,
    ExportResult,
    ExportWorker,
)
from napari_dinocell.widgets.shared.controls import describe
from napari_dinocell.widgets.shared.message_line import MessageLevel, MessageLine
from napari_dinocell.widgets.shared.notify import notify_error

DialogState: TypeAlias = Literal["idle", "asking", "running", "stopping"]

WIDTH = 660
"""Pixels: what a format is good for fits one line."""

_TITLES = {"asking": "&Replace them"}
_CLOSE_TITLES = {"running": "&Cancel", "stopping": "&Cancel"}


class ExportDialog(QDialog):
    """Form in, files out; may be closed at any time.

    Closing stops the writing: formats that are complete stay, others are not there.
    """

    def __init__(self, form: ExportForm, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = form
        self._job = _Job()
        self._state: DialogState = "idle"
        self._folder: Path | None = None
        self.setWindowTitle("Export labels")
        self.setMinimumWidth(WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._create_controls()
        self._lay_out()
        self._connect()
        self._update()

    def _create_controls(self) -> None:
        self._bar = QProgressBar()
        describe(self._bar, "Progress", "How much is written")
        self._message = MessageLine()
        self._open = QPushButton("&Open folder")
        describe(self._open, "Open folder", "Show what was written")
        self._export = QPushButton()
        self._close = QPushButton()
        for button in (self._open, self._export, self._close):
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # on macOS, too
        self._export.setDefault(True)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._open)
        buttons.addStretch()
        buttons.addWidget(self._export)
        buttons.addWidget(self._close)
        self._column = QVBoxLayout(self)
        for widget in (self._form, self._bar, self._message):
            self._column.addWidget(widget)
        self._column.addStretch()
        self._column.addLayout(buttons)

    def _connect(self) -> None:
        self._form.changed.connect(self._on_form_changed)
        self._export.clicked.connect(self._on_export)
        self._close.clicked.connect(self._on_close)
        self._open.clicked.connect(self._on_open_folder)
        # A worker that nobody stops would keep the program from ending. The job is no
        # Qt object, and held by this partial, so that it outlives the dialog.
        self.destroyed.connect(partial(_stop, self._job))
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._on_about_to_quit)

    def reject(self) -> None:
        """Close, and stop the writing."""
        _stop(self._job)
        super().reject()

    def _update(self) -> None:
        """Make the controls fit the state."""
        at_rest = self._state in ("idle", "asking")
        problem = self._form.problem()
        self._form.setEnabled(at_rest)
        self._export.setEnabled(at_rest and not problem)
        title = _TITLES.get(self._state, "E&xport")
        self._export.setText(title)
        describe(self._export, title.replace("&", ""), problem or "Write the files")
        title = _CLOSE_TITLES.get(self._state, "&Close")
        self._close.setText(title)
        self._close.setEnabled(self._state != "stopping")
        describe(self._close, title.replace("&", ""), "Complete files stay")
        self._bar.setVisible(not at_rest)
        self._open.setVisible(at_rest and self._folder is not None)

    def _say(self, text: str, level: MessageLevel = "info") -> None:
        """Show a message, and make room for it."""
        self._message.show_message(text, level)
        self._make_room()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Be as high as the contents: Qt leaves it at two thirds of the screen."""
        super().showEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        needed = self._column.totalHeightForWidth(self.width())
        if needed > self.height():
            self.resize(self.width(), needed)

    # -- what the user does

    def _on_form_changed(self) -> None:
        if self._state == "asking":
            self._state = "idle"
        if self._state == "idle":
            self._say(self._form.problem())
            self._update()

    def _on_export(self) -> None:
        if self._form.problem():
            return
        plan = self._form.plan()
        existing = plan.existing()
        if existing and self._state != "asking":
            names = ", ".join(path.name for path in existing)
            self._state = "asking"
            self._say(
                f"In {plan.folder} there is already {names}. Press Replace them, or "
                "give another name.",
                "warning",
            )
            self._update()
            return
        self._state, self._folder = "running", plan.folder
        self._bar.setRange(0, 0)  # busy, until pages are counted
        self._say("")
        worker = self._job.worker = ExportWorker(plan)
        worker.yielded.connect(self._on_event)
        worker.errored.connect(self._on_errored)
        worker.finished.connect(self._on_finished)
        worker.start()
        self._update()

    def _on_close(self) -> None:
        if self._state == "running":
            self._state = "stopping"
            _stop(self._job)
            self._say("Stopping ...")
            self._update()
        else:
            self.reject()

    def _on_open_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    def _on_about_to_quit(self) -> None:
        _stop(self._job)

    # -- what the worker says

    def _on_event(self, event: ExportEvent) -> None:
        if isinstance(event, ExportResult):
            self._show_result(event)
        elif self._state == "running":
            self._show_progress(event)

    def _show_progress(self, progress: ExportProgress) -> None:
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self._say(f"Writing {progress.title} ...")

    def _show_result(self, result: ExportResult) -> None:
        count = len(result.written)
        files = f"{counted(count, 'file')} written to {self._folder}."
        parts = ["Cancelled."] * result.cancelled + [files] + result.failures
        level: MessageLevel = "error" if result.failures else "info"
        self._say(" ".join(parts), level)
        if not result.written:
            self._folder = None

    def _on_errored(self, error: BaseException) -> None:
        self._say(notify_error(error), "error")

    def _on_finished(self) -> None:
        self._state = "idle"
        self._job.worker = None
        self._update()


class _Job:
    """Holds the worker, and outlives the dialog."""

    worker: ExportWorker | None = None


def _stop(job: _Job, *_: object) -> None:
    """Tell a running worker to quit after the present page."""
    if job.worker is not None:
        job.worker.quit()
