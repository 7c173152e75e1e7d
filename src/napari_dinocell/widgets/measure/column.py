"""One column of the measurements: its histogram, the range to keep, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.measure.colours import colours_of
from napari_dinocell.widgets.measure.histogram import Histogram
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    NumberBox,
    column_layout,
    describe,
    make_row,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.session.measure.measurement import Measurement

LEGEND_STEPS = 64
COLOUR_PERCENTILES = (1, 99)
HUGE = 1e15


class ColumnSection(QWidget):
    """Choice of a column, and of the cells in it."""

    changed = Signal()
    """Another column, range, or colouring by it."""

    def __init__(self) -> None:
        super().__init__()
        self._measurement: Measurement | None = None
        self._chosen = ""
        self._values = np.zeros(0)
        self._ends = (0.0, 0.0)
        self._range = (0.0, 0.0)
        self._column = ElidedComboBox()
        describe(self._column, "Column", "The measurement shown below.")
        self._colouring = QCheckBox("C&olour cells by it")
        describe(
            self._colouring,
            "Colour cells by this column",
            "From dark, the lowest hundredth of the cells, to bright, the highest one; "
            "the histogram is the legend.",
        )
        self._histogram = Histogram()
        describe(
            self._histogram,
            "Histogram",
            "Number of cells (its square root) for each value. Drag the two handles: "
            "cells outside of them are hidden, until Remove takes them away.",
        )
        self._low, self._high = (self._make_box(name) for name in ("Lowest", "Highest"))
        self._kept = QLabel()
        self.remove = QPushButton("&Remove cells outside")
        describe(
            self.remove,
            "Remove cells outside",
            "Sets them to background in the labels, in one step that can be undone.",
        )
        self.undo = QPushButton("&Undo")
        describe(self.undo, "Undo", "Brings the removed cells back, as Ctrl+Z does.")
        self._lay_out()
        self._connect()
        self.show_measurement(None)
        self.set_undo_enabled(False)

    def _make_box(self, name: str) -> NumberBox:
        box = NumberBox(-HUGE, HUGE, decimals=2)
        describe(box, f"{name} value kept", f"{name} value of the cells to keep.")
        return box

    def _lay_out(self) -> None:
        layout = column_layout(self)
        layout.addWidget(make_row("&Column:", self._column))
        layout.addWidget(self._colouring)
        layout.addWidget(self._histogram)
        ends = QHBoxLayout()
        ends.addWidget(self._low, stretch=1)
        ends.addWidget(QLabel("to"))
        ends.addWidget(self._high, stretch=1)
        layout.addLayout(ends)
        layout.addWidget(self._kept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove, stretch=1)
        buttons.addWidget(self.undo)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self._column.currentIndexChanged.connect(self._on_column_changed)
        self._colouring.toggled.connect(self._on_colouring)
        self._histogram.range_changed.connect(self.set_range)
        self._low.valueChanged.connect(self._on_boxes)
        self._high.valueChanged.connect(self._on_boxes)

    # -- what is chosen

    def column(self) -> str:
        """Name of the chosen column; "" without measurements."""
        return self._column.currentText()

    def colouring(self) -> bool:
        """Whether cells are to be coloured by the column."""
        return self._colouring.isChecked()

    def ends(self) -> tuple[float, float]:
        """Lowest and highest value of all cells."""
        return self._ends

    def colour_ends(self) -> tuple[float, float]:
        """Values of the darkest and the brightest colour: single cells set neither."""
        finite = self._values[np.isfinite(self._values)]
        if not finite.size:
            return self._ends
        low, high = np.percentile(finite, COLOUR_PERCENTILES)
        return (float(low), float(high)) if low < high else self._ends

    def kept(self) -> NDArray[np.bool_]:
        """Cells (N,) of the measurement in the range; those without a value are."""
        low, high = self._range
        return ~((self._values < low) | (self._values > high))

    def set_column(self, name: str) -> None:
        """Choose a column, if it was measured."""
        index = self._column.findText(name)
        if index >= 0:
            self._column.setCurrentIndex(index)

    def set_range(self, low: float, high: float) -> None:
        """Keep cells from `low` to `high`, both included."""
        self._range = (low, high)
        self._show_range()
        self.changed.emit()

    # -- what is shown

    def show_measurement(self, measurement: Measurement | None) -> None:
        """Offer its columns, and keep the chosen one, with the whole range."""
        self._measurement = measurement
        has_cells = measurement is not None and measurement.count > 0
        names = measurement.quantities() if measurement is not None else []
        with signals_blocked(self._column):
            self._column.clear()
            self._column.addItems(names)
            self._column.setCurrentIndex(max(0, self._column.findText(self._chosen)))
        ends = (self._low, self._high)
        for part in (self._column, self._colouring, self._histogram, *ends):
            part.setEnabled(has_cells)
        self._read_column()

    def set_undo_enabled(self, enabled: bool) -> None:
        """Whether there is a removal to take back."""
        self.undo.setEnabled(enabled)

    def _read_column(self) -> None:
        measurement, name = self._measurement, self.column()
        self._values = np.zeros(0)
        if measurement is not None and name:
            self._values = measurement.values(name)
        finite = self._values[np.isfinite(self._values)]
        low, high = (
            float(finite.min(initial=np.inf)),
            float(finite.max(initial=-np.inf)),
        )
        self._ends = self._range = (low, high) if low <= high else (0.0, 0.0)
        self._histogram.set_values(finite, *self._ends)
        digits = decimals_for(self._ends[1] - self._ends[0])
        with signals_blocked(self._low), signals_blocked(self._high):
            for box in (self._low, self._high):
                box.setDecimals(digits)
                box.setSingleStep((self._ends[1] - self._ends[0]) / 100 or 1)
        self._show_colours()
        self._show_range()

    def _show_range(self) -> None:
        low, high = self._range
        self._histogram.set_range(low, high)
        with signals_blocked(self._low), signals_blocked(self._high):
            self._low.setValue(low)
            self._high.setValue(high)
        count, kept = len(self._values), int(np.count_nonzero(self.kept()))
        self._kept.setText(f"{kept} of {counted(count, 'cell')} kept" if count else "")
        self.remove.setEnabled(kept < count)

    def _show_colours(self) -> None:
        legend = np.linspace(*self._ends, LEGEND_STEPS)
        self._histogram.set_colours(
            colours_of(legend, *self.colour_ends()) if self.colouring() else None
        )

    def _on_column_changed(self) -> None:
        self._chosen = self.column()
        self._read_column()
        self.changed.emit()

    def _on_colouring(self) -> None:
        self._show_colours()
        self.changed.emit()

    def _on_boxes(self) -> None:
        """A box shows a rounded number: its end moves only if that was changed."""
        ends = []
        for box, old in ((self._low, self._range[0]), (self._high, self._range[1])):
            changed = box.value() != round(old, box.decimals())
            ends.append(box.value() if changed else old)
        low, high = ends
        self.set_range(min(low, high), max(low, high))


def decimals_for(span: float) -> int:
    """Digits behind the point that tell hundredths of a span apart."""
    if not span > 0:
        return 2
    return int(np.clip(2 - np.floor(np.log10(span)), 0, 9))
