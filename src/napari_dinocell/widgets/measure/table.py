"""The table of measured cells, in a window part of its own.

napari has a features table, too; it takes the number of a row for the id of a label
(0.9), which selects another cell wherever ids have gaps. Knows no layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    Signal,
)
from qtpy.QtWidgets import QAbstractItemView, QTableView

from napari_dinocell.widgets.shared.controls import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.session.measure.measurement import Measurement

DIGITS = 5
"""Significant ones that are shown; the CSV file has all."""


class MeasureTableModel(QAbstractTableModel):
    """Rows of a measurement, in the order of any column."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._columns: list[NDArray[Any]] = []
        self._order = np.zeros(0, np.intp)

    def show_measurement(self, measurement: Measurement | None) -> None:
        """Show other rows."""
        self.beginResetModel()
        columns = {} if measurement is None else measurement.columns
        self._names, self._columns = list(columns), list(columns.values())
        self._order = np.arange(0 if measurement is None else measurement.count)
        self.endResetModel()

    def row_at(self, line: int) -> int:
        """Row of the measurement that a line of the table shows."""
        return int(self._order[line])

    def line_of(self, row: int) -> int:
        """Line of the table that shows a row of the measurement."""
        return int(np.flatnonzero(self._order == row)[0])

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's
        """As Qt wants it."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """As Qt wants it."""
        return 0 if parent.isValid() else len(self._names)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        """Names of the columns."""
        horizontal = orientation == Qt.Orientation.Horizontal
        if horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._names[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Numbers with few digits, to the right."""
        if role == Qt.ItemDataRole.DisplayRole:
            values = self._columns[index.column()]
            return _text(values[self._order[index.row()]])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Sort all lines by a column; what has no number comes last."""
        if not 0 <= column < len(self._columns):
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        rows = [self.row_at(index.row()) for index in before]
        values = self._columns[column].astype(np.float64)
        if order == Qt.SortOrder.DescendingOrder:
            values = -values
        self._order = np.argsort(values, kind="stable")
        after = [
            self.index(self.line_of(row), index.column())
            for row, index in zip(rows, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()


class MeasureTable(QTableView):
    """The table; a click or an arrow key chooses a cell."""

    row_chosen = Signal(int)
    """Row of the measurement that the user went to."""

    def __init__(self) -> None:
        super().__init__()
        self._model = MeasureTableModel()
        self._quiet = False
        self.setModel(self._model)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.horizontalHeader().setResizeContentsPrecision(50)  # rows looked at
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        describe(self, "Measured cells", "Choose a row: the viewer goes to the cell.")
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)

    def show_measurement(self, measurement: Measurement | None) -> None:
        """Show other rows, in the order that was chosen."""
        self._model.show_measurement(measurement)
        header = self.horizontalHeader()
        self._model.sort(header.sortIndicatorSection(), header.sortIndicatorOrder())
        self.resizeColumnsToContents()

    def select_row(self, row: int) -> None:
        """Mark a row of the measurement and scroll to it; nothing is emitted."""
        index = self._model.index(self._model.line_of(row), 0)
        flags = QItemSelectionModel.SelectionFlag
        self._quiet = True
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self._quiet = False
        self.scrollTo(index)

    def _on_current_changed(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid() and not self._quiet:
            self.row_chosen.emit(self._model.row_at(current.row()))


def _text(value: Any) -> str:
    if isinstance(value, np.bool_):
        return "yes" if value else "no"
    if isinstance(value, np.floating):
        return "" if np.isnan(value) else f"{value:.{DIGITS}g}"
    return str(value)
