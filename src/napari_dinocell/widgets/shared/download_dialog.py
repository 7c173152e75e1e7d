"""Dialog that looks up a model on the Hugging Face hub and downloads it.

Shows and asks; what runs in its worker is `_hub_job`'s. Knows nothing of the dock.
"""

from __future__ import annotations

import logging
from functools import partial
from html import escape
from typing import Literal, TypeAlias

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QApplication,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.widgets.shared.controls import ElidedComboBox, describe
from napari_dinocell.widgets.shared.hub_job import (
    HUB_ADDRESS,
    HubOffer,
    HubTask,
    HubWorker,
    download,
    look_up,
    repository_id,
)
from napari_dinocell.widgets.shared.message_line import MessageLine

logger = logging.getLogger(__name__)

DialogState: TypeAlias = Literal["idle", "looking up", "downloading", "stopping"]

BAR_STEPS = 1000
"""A progress bar cannot count the bytes of a large file: it has 32 bits."""

KEPT = "What has arrived is kept: the next download continues there."


class DownloadDialog(QDialog):
    """Repository in, model out; may be closed at any time.

    Closing stops a download; what has arrived is kept and continued next time.
    """

    downloaded = Signal(str)
    """Path of a model that has arrived."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = _Job()
        self._state: DialogState = "idle"
        self._offer: HubOffer | None = None
        self.setWindowTitle("Download a model")
        self.setMinimumWidth(420)
        self._create_controls()
        self._lay_out()
        self._connect()
        self._update()

    def _create_controls(self) -> None:
        self._repository = QLineEdit()
        self._repository.setPlaceholderText("owner/name")
        describe(
            self._repository,
            "Repository",
            "Repository on the Hugging Face hub: owner/name, or its page's address",
        )
        self._look_up = _button("&Look up", "Ask what the repository holds")
        self._look_up.setDefault(True)
        self._files = ElidedComboBox()
        describe(self._files, "File", "The checkpoint to download")
        self._size = QLabel()
        self._licence = QElidingLabel()
        self._page = MessageLine()
        self._page.setToolTip("Read there what the model is for, and its licence")
        self._bar = QProgressBar()
        self._bar.setRange(0, BAR_STEPS)
        describe(self._bar, "Progress", "How much of the file has arrived")
        self._message = MessageLine()
        self._download = _button(
            "&Download", "Accept the licence and download the file"
        )
        self._cancel = _button("&Cancel", f"Stop. {KEPT}")
        self._close = _button("Cl&ose", f"Close; stops a download. {KEPT}")

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        name = QLabel("&Repository:")
        name.setBuddy(self._repository)
        for part in (name, self._repository, self._look_up):
            first.addWidget(part)
        self._found = QWidget()
        facts = QFormLayout(self._found)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setFieldGrowthPolicy(
            QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow  # not so on macOS
        )
        facts.addRow("&File:", self._files)
        facts.addRow("Size:", self._size)
        facts.addRow("Licence:", self._licence)
        facts.addRow("Page:", self._page)
        facts.addRow(QLabel("By downloading you accept this licence."))
        last = QHBoxLayout()
        last.addStretch()
        for button in (self._download, self._cancel, self._close):
            last.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addLayout(first)
        for widget in (self._found, self._bar, self._message):
            layout.addWidget(widget)
        layout.addStretch()
        layout.addLayout(last)

    def _connect(self) -> None:
        self._look_up.clicked.connect(self._on_look_up)
        self._repository.textEdited.connect(self._on_repository_edited)
        self._files.activated.connect(self._on_file_chosen)
        self._download.clicked.connect(self._on_download)
        self._cancel.clicked.connect(self._on_cancel)
        self._close.clicked.connect(self.reject)
        # A worker that nobody stops would keep the program from ending. The job is no
        # Qt object, and held by this partial, so that it outlives the dialog.
        self.destroyed.connect(partial(_stop, self._job))
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._on_about_to_quit)

    def reject(self) -> None:
        """Close, and stop whatever runs."""
        self._on_cancel()
        super().reject()

    def _update(self) -> None:
        """Make the controls fit the state."""
        idle = self._state == "idle"
        self._repository.setEnabled(idle)
        self._look_up.setEnabled(idle and bool(self._repository.text().strip()))
        self._files.setEnabled(idle)
        self._found.setVisible(self._offer is not None)
        self._download.setEnabled(idle and self._offer is not None)
        self._cancel.setEnabled(self._state in ("looking up", "downloading"))
        self._bar.setVisible(self._state == "downloading")

    def _show_offer(self, offer: HubOffer) -> None:
        model = offer.model
        self._files.clear()
        self._files.addItems(offer.files)
        self._files.setCurrentText(model.filename)
        self._size.setText(_size_text(model.size))
        self._licence.setText(model.licence)
        self._licence.setToolTip(f"<qt>{escape(model.licence)}</qt>")
        self._page.show_message(HUB_ADDRESS + model.repo_id)

    def _start(self, state: DialogState, message: str, task: HubTask) -> HubWorker:
        self._state = state
        self._message.show_message(message)
        self._update()
        worker = HubWorker(task)
        worker.errored.connect(self._on_errored)
        worker.finished.connect(self._on_finished)
        self._job.worker = worker
        return worker

    def _ask(self, repo_id: str, filename: str | None) -> None:
        worker = self._start(
            "looking up", "Asking the hub ...", lambda _: look_up(repo_id, filename)
        )
        worker.returned.connect(self._on_found)
        worker.start()

    def _on_repository_edited(self) -> None:
        self._offer = None
        self._message.show_message("")
        self._update()

    def _on_look_up(self) -> None:
        self._offer = None
        self._repository.setText(repository_id(self._repository.text()))
        self._ask(self._repository.text(), None)

    def _on_file_chosen(self) -> None:
        if self._offer is not None:
            filename = self._files.currentText()
            self._ask(self._offer.model.repo_id, filename)

    def _on_found(self, offer: HubOffer) -> None:
        self._offer = offer
        self._message.show_message("")
        self._show_offer(offer)

    def _on_download(self) -> None:
        if self._offer is None:
            return
        self._bar.setValue(0)
        self._bar.setFormat("Connecting")
        task = partial(download, self._offer.model)
        worker = self._start("downloading", "", task)
        worker.yielded.connect(self._on_progress)
        worker.returned.connect(self._on_downloaded)
        worker.start()

    def _on_progress(self, progress: tuple[int, int]) -> None:
        done, total = progress
        self._bar.setValue(BAR_STEPS * done // max(total, 1))
        text = f"{_size_text(done)} of {_size_text(total)}"
        self._bar.setFormat(text if done < total else "Checking the file")

    def _on_downloaded(self, path: object) -> None:
        name = self._offer.model.repo_id if self._offer is not None else str(path)
        self._message.show_message(f"{name} has arrived: it is chosen now.")
        self.downloaded.emit(str(path))

    def _on_cancel(self) -> None:
        if self._state in ("looking up", "downloading"):
            self._state = "stopping"
            _stop(self._job)
            self._message.show_message("Stopping ...")
            self._update()

    def _on_errored(self, error: BaseException) -> None:
        if self._state != "stopping":
            self._message.show_message(_explain(error), "error")

    def _on_finished(self) -> None:
        if self._state == "stopping":
            self._message.show_message(f"Stopped. {KEPT}")
        self._state = "idle"
        self._job.worker = None
        self._update()

    def _on_about_to_quit(self) -> None:
        _stop(self._job)


class _Job:
    """Holds the worker, and outlives the dialog."""

    worker: HubWorker | None = None


def _stop(job: _Job, *_: object) -> None:
    """Tell a running worker to quit at its next report."""
    if job.worker is not None:
        job.worker.quit()


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)  # Return in the text field looks up, nothing else
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # on macOS, too
    describe(button, text.replace("&", ""), tooltip)
    return button


def _size_text(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _explain(error: BaseException) -> str:
    if isinstance(error, DinoCellError):
        return str(error)
    logger.error("Unexpected error in a hub job", exc_info=error)
    return (
        f"Unexpected {type(error).__name__}: {error}. This is a fault of the plugin; "
        "the log has the details. Please report it."
    )
