"""Choice of the model: listed, browsed, dropped or downloaded, with its card.

Knows the files only by their cards; no weights are loaded here.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QMimeData, Signal
from qtpy.QtGui import QColor, QStandardItem
from qtpy.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QPushButton, QWidget
from superqt import QElidingLabel
from superqt.utils import create_worker

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.model_store import (
    DEFAULT_NAME,
    SUFFIXES,
    resolve_model,
)
from napari_dinocell.session.model_card import card_html, card_line, parameter_count
from napari_dinocell.session.model_choices import (
    ModelChoice,
    find_choice,
    keep_chosen,
    needs_torch,
    read_choices,
    read_default,
)
from napari_dinocell.widgets.shared.controls import (
    SPACING,
    ElidedComboBox,
    FieldLabel,
    describe,
)
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from napari_dinocell.widgets.shared.download_dialog import DownloadDialog

FILE_FILTER = f"Checkpoints ({' '.join(f'*{suffix}' for suffix in SUFFIXES)})"

UNLOAD_TIP = "Give the memory of the loaded model back. The next run loads it again"

READING = "Reading the file ..."

GREY = QColor("#8c8c8c")  # for entries that cannot be chosen, in either theme


class ModelPicker(QWidget):
    """List of models, and what is known of the chosen one.

    Files that take torch to read (.pt, .pth) are read in a worker thread; until then
    they have no card, and `model_changed` follows.
    """

    model_changed = Signal()
    """The user chose another model, or more became known of the chosen one."""
    unload_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: list[ModelChoice] = []
        self._files: list[Path] = []
        self._chosen = read_default()
        self._notice = ""
        self._wanted = self._started = 0  # numbers of the latest readings
        self._reader_runs = False
        self._dialog: DownloadDialog | None = None
        self._create_controls()
        self._lay_out()
        self._models.activated.connect(self._on_activated)
        self._browse.clicked.connect(self._on_browse)
        self._download.clicked.connect(self._on_download)
        self._unload.clicked.connect(self.unload_requested)
        self._read()

    def _create_controls(self) -> None:
        self._models = ElidedComboBox()
        self._models.setAccessibleName("Model")
        self._card = QElidingLabel()
        self._card.setAccessibleName("About the model")
        self._browse = QPushButton("&Browse...")
        describe(
            self._browse,
            "Browse for a model file",
            "Choose a checkpoint file. Or drop one here from a file manager",
        )
        self._download = QPushButton("&Download...")
        describe(
            self._download,
            "Download a model",
            "Get a model from the Hugging Face hub",
        )
        self._unload = QPushButton("&Unload")
        describe(self._unload, "Unload model", UNLOAD_TIP)
        self._unload.setEnabled(False)
        self._message = MessageLine()

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        name = FieldLabel("&Model:")
        name.setBuddy(self._models)
        layout.addWidget(name, 0, 0)
        layout.addWidget(self._models, 0, 1)
        layout.addWidget(self._card, 1, 0, 1, 2)
        buttons = QHBoxLayout()
        for button in (self._browse, self._download, self._unload):
            buttons.addWidget(button, stretch=1)
        layout.addLayout(buttons, 2, 0, 1, 2)
        layout.addWidget(self._message, 3, 0, 1, 2)
        layout.setColumnStretch(1, 1)

    def chosen(self) -> ModelChoice:
        """The chosen model and what is known of it."""
        return self._chosen

    def set_model(self, name_or_path: str) -> None:
        """Choose a model; an unknown one becomes the default, and the dock says so."""
        self._notice = ""
        try:
            path = resolve_model(name_or_path)
        except (CheckpointError, OSError, RuntimeError):  # or no possible path at all
            self._notice = (
                f"There is no model {name_or_path!r}: '{DEFAULT_NAME}' is chosen "
                "instead. Choose another one, or browse for its file."
            )
            self._chosen = read_default()
        else:
            self._choose(name_or_path, path)
        self._read()

    def set_loaded(self, loaded: bool, *, busy: str = "") -> None:
        """Say whether a model is in memory, and why it cannot be unloaded now."""
        self._unload.setEnabled(loaded and not busy)
        describe(self._unload, "Unload model", busy if loaded and busy else UNLOAD_TIP)

    def refresh(self) -> None:
        """List the models again; the choice stays, even if its file is gone."""
        before = self._chosen
        self._read()
        if self._chosen != before:
            self.model_changed.emit()

    def choose_file(self, path: Path) -> None:
        """Choose a file, as the user."""
        self._choose(str(path), path)
        self._notice = ""
        self._read()
        self.model_changed.emit()

    def dropped_file(self, mime: QMimeData) -> Path | None:
        """The one checkpoint file that is being dropped, if it is one."""
        urls = mime.urls()
        if len(urls) != 1 or not urls[0].isLocalFile():
            return None
        path = Path(urls[0].toLocalFile())
        is_checkpoint = path.suffix.lower() in SUFFIXES and path.is_file()
        return path if is_checkpoint else None

    def _choose(self, name_or_path: str, path: Path) -> None:
        """Choose by name, or by path where the path is all there is."""
        if path != Path(name_or_path).expanduser():
            self._chosen = ModelChoice(name_or_path, path)
            return
        path = path.absolute()
        if find_choice(self._choices, str(path)) is None:
            self._files.append(path)
        self._chosen = ModelChoice(str(path), path)

    def _read(self) -> None:
        """Read all cards, at once where that is quick."""
        self._wanted += 1
        if not needs_torch(self._files):
            self._show(read_choices(self._files))
            return
        self._show(self._choices or [read_default()])
        if not self._reader_runs:
            self._start_reader()

    def _start_reader(self) -> None:
        """One at a time: two workers would get in each other's way."""
        self._reader_runs = True
        worker = create_worker(
            _read_numbered, self._wanted, tuple(self._files), _start_thread=False
        )
        worker.returned.connect(self._on_read)
        worker.finished.connect(self._on_reader_finished)
        self._started = self._wanted
        worker.start()

    def _on_read(self, result: tuple[int, list[ModelChoice]]) -> None:
        number, choices = result
        if number != self._wanted:  # something changed since; the next one will do
            return
        before = self._chosen
        self._show(choices)
        if self._chosen != before:
            self.model_changed.emit()

    def _on_reader_finished(self) -> None:
        self._reader_runs = False
        if self._started != self._wanted and needs_torch(self._files):
            self._start_reader()

    def _show(self, choices: list[ModelChoice]) -> None:
        """Fill the list, and choose in it what was chosen before."""
        self._choices, self._chosen = keep_chosen(choices, self._chosen)
        self._models.clear()
        for choice in self._choices:
            self._add_item(choice)
        self._models.setCurrentIndex(self._choices.index(self._chosen))
        self._show_chosen()

    def _add_item(self, choice: ModelChoice) -> None:
        label = choice.label
        if self._models.findText(label) >= 0:  # many files are called model.safetensors
            label = f"{label} ({choice.path.parent.name})"
        item = QStandardItem(label)
        item.setToolTip(_tooltip(choice))
        if choice.error:
            item.setEnabled(False)
            item.setForeground(GREY)
        self._models.model().appendRow(item)

    def _show_chosen(self) -> None:
        chosen = self._chosen
        line = READING if chosen.pending else ""
        if chosen.info is not None:
            line = card_line(chosen.info)
        self._card.setText(line)
        self._card.setVisible(bool(line))
        for widget in (self._models, self._card):
            widget.setToolTip(_tooltip(chosen))
        self._models.setAccessibleDescription(line or chosen.problem)
        if chosen.problem:
            self._message.show_message(chosen.problem, "error")
        else:
            self._message.show_message(self._notice, "warning")

    def _on_activated(self, index: int) -> None:
        picked = self._choices[index]
        if picked.value == self._chosen.value:
            return
        self._chosen, self._notice = picked, ""
        self._show_chosen()
        self.model_changed.emit()

    def _on_browse(self) -> None:
        folder = self._files[-1].parent if self._files else Path.home()
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a checkpoint", str(folder), FILE_FILTER
        )
        if name:
            self.choose_file(Path(name))

    def _on_download(self) -> None:
        if self._dialog is None:
            from napari_dinocell.widgets.shared.download_dialog import DownloadDialog

            self._dialog = DownloadDialog(self)
            self._dialog.downloaded.connect(self._on_downloaded)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _on_downloaded(self, path: str) -> None:
        self.choose_file(Path(path))


def _read_numbered(
    number: int, files: tuple[Path, ...]
) -> tuple[int, list[ModelChoice]]:
    return number, read_choices(files)


def _tooltip(choice: ModelChoice) -> str:
    if choice.info is None:
        return f"<qt>{escape(choice.error or READING)}</qt>"
    count = parameter_count(choice.path)
    return card_html(choice.info, choice.path, parameters=count)
