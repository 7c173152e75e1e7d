"""Thresholds that turn the distance map into labels. Knows no map and no labels."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractSpinBox, QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    SliderRow,
    column_layout,
    describe,
    make_row,
)

LARGEST_SIZE = 1_000_000
"""Pixels; more than any cell has."""


class ThresholdSection(QWidget):
    """Seed and foreground threshold, smallest cell, holes.

    The foreground threshold is never above the seed threshold: the slider that is
    moved pushes the other one along.
    """

    changed = Signal()
    """At every move of a slider, and for any other change by the user."""

    def __init__(self) -> None:
        super().__init__()
        self._seed = SliderRow(
            "Seed &threshold:",
            low=0.02,
            high=0.98,
            name="Seed threshold",
            tip="Higher removes cells that the model is less sure of, lower finds more "
            "and may split them. A connected region of the distance map above it is "
            "one cell (cells_max in the literature).",
        )
        self._foreground = SliderRow(
            "F&oreground threshold:",
            low=0.02,
            high=0.9,
            name="Foreground threshold",
            tip="Lower makes cells larger, higher makes them tighter. Pixels of the "
            "distance map above it can belong to a cell (cell_fill in the literature).",
        )
        self._min_size = NumberBox(0, LARGEST_SIZE, suffix=" px")
        self._min_size.setSpecialValueText("Off")
        adaptive = QAbstractSpinBox.StepType.AdaptiveDecimalStepType
        self._min_size.setStepType(adaptive)
        describe(
            self._min_size,
            "Minimum size in pixels",
            "Cells with fewer pixels are dropped, counted before holes are filled. "
            "0 keeps all.",
        )
        self._fill_holes = QCheckBox("Fill holes in cells")
        describe(
            self._fill_holes,
            "Fill holes in cells",
            "Background that lies inside one single cell becomes part of it.",
        )
        self._lay_out()
        self._connect()
        self.set_config(WatershedConfig())

    def _lay_out(self) -> None:
        layout = column_layout(self)
        layout.addWidget(self._seed)
        layout.addWidget(self._foreground)
        layout.addWidget(make_row("Mi&nimum size:", self._min_size))
        layout.addWidget(self._fill_holes)

    def _connect(self) -> None:
        self._seed.value_changed.connect(self._on_seed_changed)
        self._foreground.value_changed.connect(self._on_foreground_changed)
        self._min_size.valueChanged.connect(self.changed)
        self._fill_holes.toggled.connect(self.changed)

    def config(self) -> WatershedConfig:
        """Settings as they are shown."""
        return WatershedConfig(
            seed_threshold=self._seed.value(),
            foreground_threshold=self._foreground.value(),
            min_size=int(self._min_size.value()),
            fill_holes=self._fill_holes.isChecked(),
            prominence=self._prominence,
        )

    def set_config(self, config: WatershedConfig) -> None:
        """Show settings without emitting.

        Thresholds are rounded to hundredths, since that is what is shown.
        """
        with signals_blocked(self):
            # The seed threshold comes last: the foreground may have pushed it.
            self._foreground.set_value(config.foreground_threshold)
            self._seed.set_value(config.seed_threshold)
            self._min_size.setValue(config.min_size)
            self._fill_holes.setChecked(config.fill_holes)
        self._prominence = config.prominence  # has no control, and stays as it was

    def _on_seed_changed(self, seed: float) -> None:
        if self._foreground.value() > seed:
            with signals_blocked(self._foreground):
                self._foreground.set_value(seed)
        self.changed.emit()

    def _on_foreground_changed(self, foreground: float) -> None:
        if self._seed.value() < foreground:
            with signals_blocked(self._seed):
                self._seed.set_value(foreground)
        self.changed.emit()
