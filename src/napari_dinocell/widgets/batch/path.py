"""A folder to type, to browse for, or to drop."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.shared.controls import SPACING, describe


class FolderRow(QWidget):
    """A line for a folder's path and a button to browse; takes a dropped folder."""

    changed = Signal()
    """The user chose or typed another folder."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self._name = name
        self._line = QLineEdit()
        self._line.setClearButtonEnabled(True)
        self._line.setAcceptDrops(False)  # else the text of an address is dropped
        describe(self._line, name, tip)
        self._browse = QPushButton("…")
        self._browse.setFixedWidth(28)
        self._browse.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        describe(self._browse, f"Browse: {name}", "Chooses a folder.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self._line, stretch=1)
        layout.addWidget(self._browse)
        self.setAcceptDrops(True)
        self.setFocusProxy(self._line)
        self._line.textChanged.connect(self.changed)
        self._browse.clicked.connect(self._on_browse)

    def path(self) -> str:
        """What is typed, without spaces around; "" for nothing."""
        return self._line.text().strip()

    def set_path(self, path: str) -> None:
        """Show a path without emitting."""
        with signals_blocked(self):
            self._line.setText(path)

    def set_placeholder(self, path: str) -> None:
        """Show in grey what counts while nothing is typed."""
        self._line.setPlaceholderText(path)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Welcome one folder."""
        if event is not None and _dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Take the folder."""
        folder = None if event is None else _dropped_folder(event)
        if event is not None and folder is not None:
            self._line.setText(folder)
            event.acceptProposedAction()

    def _on_browse(self) -> None:
        start = self.path() or self._line.placeholderText()
        found = next((p for p in (Path(start), *Path(start).parents) if p.is_dir()), "")
        folder = QFileDialog.getExistingDirectory(self, self._name, str(found))
        if folder:
            self._line.setText(folder)


def dropped_paths(event: QDropEvent) -> list[str]:
    """Local files and folders that are being dropped."""
    mime = event.mimeData()
    urls = [] if mime is None else mime.urls()
    return [url.toLocalFile() for url in urls if url.isLocalFile()]


def _dropped_folder(event: QDropEvent) -> str | None:
    paths = dropped_paths(event)
    return paths[0] if len(paths) == 1 and Path(paths[0]).is_dir() else None
