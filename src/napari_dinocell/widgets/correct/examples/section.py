"""The section "Examples": what is accepted, the list, and the folder they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from dinocell_training.corrections.folder import DamagedExample
from napari_dinocell.engine.text import counted
from napari_dinocell.session.training.names import cells_text, short_name
from napari_dinocell.widgets.correct.examples.list import (
    ExampleList,
    local_time,
)
from napari_dinocell.widgets.correct.examples.rows import AcceptRows
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from pathlib import Path

    from dinocell_training.corrections.folder import Example
    from napari_dinocell.session.examples.job import Listed
    from napari_dinocell.widgets.shared.message_line import MessageLevel

MOST_IN_MENU = 15
"""Removed examples that are offered, the latest ones."""

_STYLE = "QPushButton { padding: 4px 2px; }"


class ExamplesSection(QWidget):
    """Only shows and asks; what happens is the controller's."""

    open_requested = Signal(str)
    remove_requested = Signal(list)
    restore_requested = Signal(str)
    choose_requested = Signal()
    default_requested = Signal()
    import_requested = Signal()
    cancel_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows = AcceptRows()
        self.list = ExampleList()
        self._message = MessageLine()
        self._summary = MessageLine()
        self.open = _button("Open", "Shows an example as layers, to be corrected.")
        self.remove = _button(
            "Remove", "Takes the selected examples out. They can be restored."
        )
        self.restore = _button("Restore", "Brings back an example that was removed.")
        self._removed = QMenu(self)
        self.restore.setMenu(self._removed)
        self.folder = _button("Folder", "Where the examples are kept.")
        self._folders = QMenu(self)
        self._folders.addAction("Choose another…").triggered.connect(
            lambda: self.choose_requested.emit()
        )
        self._default = self._folders.addAction("Use the default one")
        self._default.triggered.connect(lambda: self.default_requested.emit())
        self.folder.setMenu(self._folders)
        self.bring = _button("Import…", "")
        self._importing = self._busy = False
        layout = column_layout(self)
        layout.addWidget(self.rows)
        layout.addWidget(self._message)
        layout.addWidget(self.list)
        layout.addWidget(make_row("", self.open, self.remove, self.restore))
        layout.addWidget(self._summary)
        layout.addWidget(make_row("", self.folder, self.bring))
        self._connect()
        self.set_importing(False)
        self.show_removed([])
        self._update()

    def _connect(self) -> None:
        self.list.itemSelectionChanged.connect(self._update)
        self.list.delete_pressed.connect(self._on_remove)
        self.list.open_pressed.connect(self._on_open)
        self.open.clicked.connect(self._on_open)
        self.remove.clicked.connect(self._on_remove)
        self.bring.clicked.connect(self._on_import)

    def show_listed(self, listed: Listed) -> None:
        """Show what a folder holds."""
        self.list.show_examples(listed.examples)
        self.list.setVisible(bool(listed.examples))
        self.show_removed(listed.removed)
        self._summary.show_message(_summary(listed))
        self._update()

    def show_folder(self, folder: Path, *, is_default: bool) -> None:
        """Say where examples are kept."""
        self._default.setEnabled(not is_default)
        describe(self.folder, "Folder", f"Examples are kept in {folder}")

    def show_removed(self, removed: list[Example | DamagedExample]) -> None:
        """Offer these to be restored."""
        self._removed.clear()
        for entry in removed[:MOST_IN_MENU]:
            action = self._removed.addAction(_removed_text(entry))
            action.triggered.connect(self._restoring(entry.name))
        self.restore.setEnabled(bool(removed))

    def set_importing(self, importing: bool) -> None:
        """Whether the button begins an import or cancels it."""
        self._importing = importing
        self.bring.setText("Cancel" if importing else "Import…")
        describe(
            self.bring,
            "Cancel the import" if importing else "Import",
            "What was copied so far stays."
            if importing
            else "Copies a folder of images and labels: NAME.tif beside "
            "NAME_label.tif or NAME_masks.tif, or with a manifest.csv.",
        )

    def set_busy(self, busy: bool) -> None:
        """While something is read or written, nothing else is."""
        self._busy = busy
        self.bring.setEnabled(self._importing or not busy)
        self.folder.setEnabled(not busy)
        self._update()

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Say what was done; "" says nothing."""
        self._message.show_message(text, level)

    def message(self) -> str:
        """What is said at present."""
        return self._message.message()

    def summary(self) -> str:
        """What is said about the folder."""
        return self._summary.message()

    def _update(self) -> None:
        selected = self.list.selected()
        self.open.setEnabled(len(selected) == 1 and not self._busy)
        self.remove.setEnabled(bool(selected) and not self._busy)

    def _on_open(self) -> None:
        selected = self.list.selected()
        if len(selected) == 1 and not self._busy:
            self.open_requested.emit(selected[0])

    def _on_remove(self) -> None:
        if not self._busy:
            self.remove_requested.emit(self.list.selected())

    def _on_import(self) -> None:
        (self.cancel_requested if self._importing else self.import_requested).emit()

    def _restoring(self, name: str):  # type: ignore[no-untyped-def]
        def on_triggered() -> None:
            self.restore_requested.emit(name)

        return on_triggered


def _summary(listed: Listed) -> str:
    entries = [example.entry for example in listed.examples]
    whole = [entry for entry in entries if not isinstance(entry, DamagedExample)]
    if not entries:
        return f"No example yet in {listed.folder}"
    count = counted(len(whole), "example")
    text = f"{count}, {cells_text(sum(entry.cells for entry in whole))}"
    if len(whole) < len(entries):
        text += f", {len(entries) - len(whole)} damaged"
    return f"{text} in {listed.folder}"


def _removed_text(entry: Example | DamagedExample) -> str:
    if isinstance(entry, DamagedExample):
        return f"{entry.name} (damaged)"
    name = short_name(entry.origin.image).replace("&", "&&")
    return f"{name}, {cells_text(entry.cells)}, {local_time(entry)}"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setStyleSheet(_STYLE)
    describe(button, text, tip)
    return button
