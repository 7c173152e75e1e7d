"""What is done to cells once they are found: growth, numbering, how they are drawn."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import LARGEST_EXPANSION
from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    column_layout,
    describe,
    make_row,
)


class FinishRow(QWidget):
    """A distance and two ticks; none of them needs the network."""

    expand_changed = Signal()
    consecutive_changed = Signal()
    contours_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._expand = NumberBox(0, LARGEST_EXPANSION, decimals=1)
        self._expand.setSpecialValueText("Off")
        describe(
            self._expand,
            "Expand cells by a distance in pixels",
            "Cells grow into the background by this distance, until they meet: nuclei "
            "become rough cells. Follows thresholds once a slider rests. Corrected "
            "cells stay, and those of a volume do not grow.",
        )
        self._consecutive = QCheckBox("Consecutive ids")
        describe(
            self._consecutive,
            "Consecutive ids where labels are written",
            "Batch, presets and copies number the cells of a file 1, 2, ... In the "
            "viewer a cell keeps its id, and so its color, while thresholds move; "
            "Export has a tick of its own.",
        )
        self._contours = QCheckBox("Contours")
        describe(
            self._contours,
            "Draw cells as contours",
            "Shows outlines of cells instead of areas, as the contour of the labels "
            "layer does.",
        )
        layout = column_layout(self)
        layout.addWidget(make_row("Expand by:", self._expand))
        layout.addWidget(make_row("", self._consecutive, self._contours))
        self._expand.valueChanged.connect(self.expand_changed)
        self._consecutive.toggled.connect(self.consecutive_changed)
        self._contours.toggled.connect(self.contours_changed)

    def expand(self) -> float:
        """Pixels by which cells grow."""
        return float(self._expand.value())

    def consecutive_ids(self) -> bool:
        """Whether ids are 1, 2, ... where labels are written."""
        return self._consecutive.isChecked()

    def contours(self) -> bool:
        """Whether cells are drawn as outlines."""
        return self._contours.isChecked()

    def set_contours(self, contours: bool) -> None:
        """Choose whether, without emitting."""
        with signals_blocked(self):
            self._contours.setChecked(contours)

    def set_values(self, expand: float, consecutive_ids: bool) -> None:
        """Show settings without emitting."""
        with signals_blocked(self):
            self._expand.setValue(expand)
            self._consecutive.setChecked(consecutive_ids)
