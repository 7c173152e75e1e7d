"""A list of files and folders that the user adds to, drops on and removes from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
)
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from napari_dinocell.engine.images.file_kinds import IMAGE_SUFFIXES
from napari_dinocell.widgets.batch.path import dropped_paths
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row

FILE_FILTER = f"Images ({' '.join(f'*{s}' for s in IMAGE_SUFFIXES)});;All files (*)"

HEIGHT = 90
"""Pixels; longer lists scroll."""


class _PathList(QListWidget):
    delete_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Tell of Delete; Qt does the rest."""
        if event is not None and event.matches(QKeySequence.StandardKey.Delete):
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


class FileList(QWidget):
    """Paths, each once, in the order in which they were added."""

    changed = Signal()
    """Paths were added or removed."""

    def __init__(self) -> None:
        super().__init__()
        self._list = _PathList()
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self._list.setFixedHeight(HEIGHT)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        describe(self._list, "Files", "Drop files and folders here. Delete removes.")
        self._add = QPushButton("&Add…")
        describe(self._add, "Add files", "Chooses image files.")
        self._remove = QPushButton("Re&move")
        describe(self._remove, "Remove files", "Takes the selected files off the list.")
        layout = column_layout(self)
        layout.addWidget(self._list)
        layout.addWidget(make_row("", self._add, self._remove))
        self.setAcceptDrops(True)
        self._add.clicked.connect(self._on_add)
        self._remove.clicked.connect(self.remove_selected)
        self._list.itemSelectionChanged.connect(self._update)
        self._list.delete_pressed.connect(self.remove_selected)
        self._update()

    def paths(self) -> list[str]:
        """All paths."""
        items = (self._list.item(row) for row in range(self._list.count()))
        return [
            item.data(Qt.ItemDataRole.UserRole) for item in items if item is not None
        ]

    def add(self, paths: Iterable[str]) -> None:
        """Add those that are not there yet."""
        known = set(self.paths())
        new = [path for path in dict.fromkeys(paths) if path not in known]
        for path in new:
            item = QListWidgetItem(Path(path).name or path)
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(path)
            self._list.addItem(item)
        if new:
            self.changed.emit()

    def remove_selected(self) -> None:
        """Take the selected ones off the list; the files stay."""
        selected = self._list.selectedItems()
        for item in selected:
            self._list.takeItem(self._list.row(item))
        if selected:
            self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Welcome files and folders."""
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent | None) -> None:
        """Welcome them anywhere."""
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Add what is dropped."""
        if event is not None:
            self.add(dropped_paths(event))
            event.acceptProposedAction()

    def _on_add(self) -> None:
        paths = self.paths()
        start = str(Path(paths[-1]).parent) if paths else ""
        names, _ = QFileDialog.getOpenFileNames(self, "Add images", start, FILE_FILTER)
        self.add(names)

    def _update(self) -> None:
        self._remove.setEnabled(bool(self._list.selectedItems()))
