"""The table of a batch: file, cells, seconds, status; fills as the batch goes."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_dinocell.widgets.shared.controls import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.batch.summary import SummaryRow

TITLES = ("File", "Cells", "Seconds", "Status")
_FILE, _CELLS, _SECONDS, _STATUS = range(4)

HEIGHT = 150
"""Pixels; longer tables scroll."""

_STATUS_TEXTS = {
    "not done": "",
    "done": "done",
    "skipped": "skipped",
    "failed": "✖ failed",
}


class BatchTableModel(QAbstractTableModel):
    """Rows of a summary, and how far the one at work has come."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[SummaryRow] = []
        self._working: tuple[int, float] | None = None

    def set_rows(self, rows: Sequence[SummaryRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows, self._working = list(rows), None
        self.endResetModel()

    def set_row(self, number: int, row: SummaryRow) -> None:
        """Show how an image went."""
        self.rows[number] = row
        self._working = None
        self._emit(number)

    def show_work(self, number: int, fraction: float) -> None:
        """Show that an image is at work, and how far it has come."""
        self._working = (number, fraction)
        self._emit(number)

    def stop_work(self) -> None:
        """No image is at work any more."""
        working, self._working = self._working, None
        if working is not None:
            self._emit(working[0])

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's
        """As Qt wants it."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """As Qt wants it."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        """Titles of the columns."""
        horizontal = orientation == Qt.Orientation.Horizontal
        if horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Text, tooltip and alignment of a cell."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<qt>{escape(_tip(row))}</qt>"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            is_number = index.column() in (_CELLS, _SECONDS)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            return int(right) if is_number else None
        return None

    def _text(self, number: int, column: int) -> str:
        row = self.rows[number]
        if column == _FILE:
            return row.file
        if column == _CELLS:
            return "" if row.cells is None else str(row.cells)
        if column == _SECONDS:
            return "" if row.seconds is None else f"{row.seconds:.1f}"
        if self._working is not None and self._working[0] == number:
            return f"{self._working[1]:.0%}"
        return _STATUS_TEXTS[row.status]

    def _emit(self, number: int) -> None:
        first, last = self.index(number, _CELLS), self.index(number, _STATUS)
        self.dataChanged.emit(first, last)


class BatchTable(QTableView):
    """View of the table; a double click, or Return, activates a row."""

    def __init__(self) -> None:
        super().__init__()
        self.images = BatchTableModel()
        self.setModel(self.images)
        describe(
            self,
            "Images of the batch",
            "A double click opens the image and its labels in the viewer.",
        )
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setMinimumHeight(HEIGHT)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        header = self.horizontalHeader()
        header.setSectionResizeMode(_FILE, QHeaderView.ResizeMode.Stretch)
        for column in (_CELLS, _SECONDS, _STATUS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        for column, text in (
            (_CELLS, "00000"),
            (_SECONDS, "Seconds"),
            (_STATUS, "✖ failed"),
        ):
            width = self.fontMetrics().horizontalAdvance(text) + 14
            header.resizeSection(column, width)

    def selected_row(self) -> SummaryRow | None:
        """The row that is selected."""
        index = self.currentIndex()
        return self.images.rows[index.row()] if index.isValid() else None


def _tip(row: SummaryRow) -> str:
    shown = replace(row, remark=row.remark or row.labels)
    return f"{shown.file}: {shown.remark}"
