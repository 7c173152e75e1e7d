"""Choice of the model that training begins with; backbones only are welcome, too."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QStandardItem
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_dinocell.session.model_choices import (
    ModelChoice,
    find_choice,
    keep_chosen,
    needs_torch,
    read_choices,
    read_default,
)
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.message_line import MessageLine
from napari_dinocell.widgets.shared.model_picker import FILE_FILTER, GREY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

BACKBONE = (
    "A backbone only: its decoder is trained from nothing, which takes many examples."
)

BROWSE = "Other file…"
"""The last entry of the list: a button beside it would be too wide for the dock."""

TIP = "The model that training begins with. It is not changed; a new one is made."


class BasePicker(QWidget):
    """List of models; what is not chosen by the user follows the Segment dock."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._files: list[Path] = []
        self._choices: list[ModelChoice] = []
        self._chosen = read_default()
        self._is_picked = False
        self._jobs = JobRunner(self)  # .pt files take torch to read
        self.models = ElidedComboBox()
        describe(self.models, "Base model", TIP)
        self._message = MessageLine()
        layout = column_layout(self)
        layout.addWidget(make_row("&Base model:", self.models))
        layout.addWidget(self._message)
        self.models.activated.connect(self._on_activated)
        self._jobs.yielded.connect(self._show)
        self.refresh()

    def chosen(self) -> ModelChoice:
        """The base and what is known of it."""
        return self._chosen

    def problem(self) -> str:
        """Why nothing can be trained from it; "" if it can."""
        return self._chosen.error.replace(str(self._chosen.path), self._chosen.label)

    def follow(self, choice: str) -> None:
        """Take this name or path, unless the user has picked a base here."""
        if not self._is_picked and choice != self._chosen.value:
            self._take(choice)

    def pick(self, name_or_path: str) -> None:
        """Choose a base, as the user."""
        self._is_picked = True
        self._take(name_or_path)

    def keep(self) -> None:
        """Stay with the present base, whatever the Segment dock does."""
        self._is_picked = True

    def refresh(self) -> None:
        """List the models again; the choice stays, even if its file is gone."""
        files = tuple(self._files)
        if needs_torch(files):
            self._show(self._choices or [read_default()])
            self._jobs.start(_reading(files))
        else:
            self._show(read_choices(files))

    def close_reader(self) -> None:
        """The dock is about to go."""
        self._jobs.cancel()

    def _take(self, value: str) -> None:
        known = find_choice(self._choices, value)
        if known is None:
            path = Path(value)
            if path.is_absolute():
                self._files.append(path)
            known = ModelChoice(value, path)
        self._chosen = known
        self.refresh()

    def _show(self, choices: list[ModelChoice]) -> None:
        before = self._chosen
        self._choices, self._chosen = keep_chosen(choices, before)
        self.models.clear()
        for choice in self._choices:
            self.models.model().appendRow(_item(choice))
        self.models.addItem(BROWSE)
        self.models.setCurrentIndex(self._choices.index(self._chosen))
        self._say()
        if self._chosen != before:
            self.changed.emit()

    def _say(self) -> None:
        info = self._chosen.info
        if self.problem():
            self._message.show_message(self.problem(), "error")
        else:
            is_backbone = info is not None and info.needs_training
            self._message.show_message(BACKBONE if is_backbone else "")

    def _on_activated(self, index: int) -> None:
        if index == len(self._choices):
            self.models.setCurrentIndex(self._choices.index(self._chosen))
            self._on_browse()
            return
        self._is_picked = True
        self._chosen = self._choices[index]
        self._say()
        self.changed.emit()

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a base model", str(Path.home()), FILE_FILTER
        )
        if name:
            self.pick(str(Path(name).absolute()))


def _reading(files: tuple[Path, ...]) -> Callable[[Any], Generator[Any, None, None]]:
    def read(_: object) -> Generator[list[ModelChoice], None, None]:
        yield read_choices(files)

    return read


def _item(choice: ModelChoice) -> QStandardItem:
    item = QStandardItem(choice.label)
    item.setToolTip(f"<qt>{escape(choice.error or str(choice.path))}</qt>")
    if choice.error:
        item.setEnabled(False)
        item.setForeground(GREY)
    return item
