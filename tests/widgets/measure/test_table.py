"""The table sorts, keeps what is chosen, and shows numbers shortly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_dinocell.session.measure.measurement import Measurement
from napari_dinocell.widgets.measure.table import MeasureTable

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

DESCENDING = Qt.SortOrder.DescendingOrder


@pytest.fixture
def table(qtbot: QtBot) -> MeasureTable:
    table = MeasureTable()
    qtbot.addWidget(table)
    columns = {
        "label": np.array([4, 7, 1_000_000]),
        "area_px": np.array([20.123456, np.nan, 3.0]),
        "touches_border": np.array([True, False, False]),
    }
    table.show_measurement(
        Measurement(columns=columns, page_names=(), planes=((),), fingerprints=(b"",))
    )
    return table


def texts(table: MeasureTable, column: int) -> list[str]:
    model = table.model()
    return [model.index(line, column).data() for line in range(model.rowCount())]


def test_numbers_are_short(table: MeasureTable) -> None:
    assert texts(table, 0) == ["4", "7", "1000000"]
    assert texts(table, 1) == ["20.123", "", "3"]
    assert texts(table, 2) == ["yes", "no", "no"]


def test_sorting_puts_missing_numbers_last(table: MeasureTable) -> None:
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert texts(table, 0) == ["1000000", "4", "7"]
    table.sortByColumn(1, DESCENDING)
    assert texts(table, 0) == ["4", "1000000", "7"]


def test_chosen_row_is_told_and_stays_through_sorting(
    table: MeasureTable, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(table.row_chosen) as chosen:
        table.setCurrentIndex(table.model().index(2, 0))
    assert chosen.args == [2]
    with qtbot.assertNotEmitted(table.row_chosen):
        table.sortByColumn(0, DESCENDING)
    assert table.currentIndex().row() == 0


def test_row_selected_by_program_tells_nothing(
    table: MeasureTable, qtbot: QtBot
) -> None:
    table.sortByColumn(0, DESCENDING)
    with qtbot.assertNotEmitted(table.row_chosen):
        table.select_row(0)
    assert table.currentIndex().row() == 2
