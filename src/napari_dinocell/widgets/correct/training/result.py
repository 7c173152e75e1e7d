"""What a training run has brought: the verdict, and each judged example in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_dinocell.widgets.shared.controls import column_layout, describe
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from napari_dinocell.session.training.job import Judged
    from napari_dinocell.widgets.shared.message_line import MessageLevel

TITLES = ("Example", "Cells", "Before", "After")

MOST_ROWS = 6
"""Longer tables scroll."""


class TrainingResult(QWidget):
    """Only shows and asks."""

    show_requested = Signal(int)
    """The number of a comparison."""

    def __init__(self) -> None:
        super().__init__()
        self._message = MessageLine()
        self.table = _Table()
        self.show_button = QPushButton("Show side by side")
        describe(
            self.show_button,
            "Show side by side",
            "Adds the selected example to the viewer three times: with your labels, "
            "those of the base model, and those of the new one.",
        )
        layout = column_layout(self)
        for part in (self._message, self.table, self.show_button):
            layout.addWidget(part)
        self.show_button.clicked.connect(self._on_show)
        self.table.cellDoubleClicked.connect(self._on_show)
        self.clear()

    def clear(self) -> None:
        """Show nothing, as before the first run."""
        self.show_message("")
        self.table.hide()
        self.show_button.hide()

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Say how it went; "" says nothing."""
        self._message.show_message(text, level)

    def message(self) -> str:
        """What is said."""
        return self._message.message()

    def show_judged(self, judged: Judged) -> None:
        """List the comparisons of a run that has ended."""
        rows: list[tuple[str, ...]] = [
            (
                title,
                str(row.cells),
                "–" if row.ap50_before is None else f"{row.ap50_before:.2f}",
                f"{row.ap50_after:.2f}",
            )
            for title, row in zip(judged.titles, judged.ended.comparisons, strict=True)
        ]
        self.table.fill(rows)
        self.table.setVisible(bool(rows))
        self.show_button.setVisible(bool(rows))

    def rows(self) -> list[tuple[str, ...]]:
        """Texts of the table."""
        return self.table.rows()

    def _on_show(self) -> None:
        if self.table.currentRow() >= 0:
            self.show_requested.emit(self.table.currentRow())


class _Table(QTableWidget):
    """As high as its rows, as narrow as the dock."""

    def __init__(self) -> None:
        super().__init__(0, len(TITLES))
        self.setHorizontalHeaderLabels(TITLES)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        describe(
            self,
            "Judged examples",
            "Average precision at an overlap of one half (AP50), from 0 to 1, of the "
            "base model and of the new one.",
        )

    def fill(self, rows: list[tuple[str, ...]]) -> None:
        self.setRowCount(len(rows))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(right)
                else:
                    item.setToolTip(text)
                self.setItem(number, column, item)
        self.setCurrentCell(0 if rows else -1, 0)
        shown = min(len(rows), MOST_ROWS)
        height = sum(self.rowHeight(row) for row in range(shown))
        self.setFixedHeight(height + self.horizontalHeader().sizeHint().height() + 4)

    def rows(self) -> list[tuple[str, ...]]:
        numbers, columns = range(self.rowCount()), range(self.columnCount())
        return [tuple(self.item(n, c).text() for c in columns) for n in numbers]
