"""Thresholds that turn the distance map into labels. Knows no map and no labels."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractSpinBox, QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.widgets.segment.finish_row import FinishRow
from napari_dinocell.widgets.segment.volume_rows import VolumeRows
from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    SliderRow,
    column_layout,
    describe,
    make_row,
)

LARGEST_SIZE = 1_000_000
"""Pixels; more than any cell has."""

MAX_SIZE_STEP = 100
"""Pixels; so that the first step up from "Off" still leaves some cells."""


class ThresholdSection(QWidget):
    """Seed and foreground threshold, smallest and largest cell, holes, border.

    The foreground threshold is never above the seed threshold, and the minimum size
    never above the maximum: the one that is moved pushes the other one along.
    """

    changed = Signal()
    """At every move of a slider, and for any other change by the user."""
    map_toggled = Signal(bool)
    """The user wants to see what the thresholds cut, or no longer."""

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
        self._min_size = _size_box(
            "Minimum size in pixels",
            "Cells with fewer pixels are dropped, counted before holes are filled. "
            "0 keeps all.",
        )
        adaptive = QAbstractSpinBox.StepType.AdaptiveDecimalStepType
        self._min_size.setStepType(adaptive)
        self._max_size = _size_box(
            "Maximum size in pixels",
            "Cells with more pixels are dropped, counted before holes are filled. "
            "0 keeps all.",
        )
        self._max_size.setSingleStep(MAX_SIZE_STEP)
        self._exclude_border = QCheckBox("Exclude border")
        describe(
            self._exclude_border,
            "Exclude cells that touch the border",
            "Cells that touch the border of the image, or of the part of it that was "
            "segmented, are dropped. Corrected cells stay.",
        )
        self._fill_holes = QCheckBox("Fill holes")
        describe(
            self._fill_holes,
            "Fill holes in cells",
            "Background that lies inside one single cell becomes part of it.",
        )
        self._map = QCheckBox("Show distance map")
        describe(
            self._map,
            "Show distance map",
            "What the thresholds cut: how deep each pixel lies in its cell, by the "
            "model. A layer of its own below the labels.",
        )
        self.volume = VolumeRows()
        self.finish = FinishRow()
        self._lay_out()
        self._connect()
        self.set_config(WatershedConfig())

    def _lay_out(self) -> None:
        layout = column_layout(self)
        layout.addWidget(self._seed)
        layout.addWidget(self._foreground)
        layout.addWidget(make_row("Mi&n, max size:", self._min_size, self._max_size))
        layout.addWidget(make_row("", self._fill_holes, self._exclude_border))
        layout.addWidget(self.volume)
        layout.addWidget(self.finish)
        layout.addWidget(self._map)

    def _connect(self) -> None:
        self._seed.value_changed.connect(self._on_seed_changed)
        self._foreground.value_changed.connect(self._on_foreground_changed)
        self._min_size.valueChanged.connect(self._on_min_size_changed)
        self._max_size.valueChanged.connect(self._on_max_size_changed)
        self._fill_holes.toggled.connect(self.changed)
        self._exclude_border.toggled.connect(self.changed)
        self.volume.changed.connect(self.changed)
        self._map.toggled.connect(self.map_toggled)

    def config(self) -> WatershedConfig:
        """Settings as they are shown."""
        return WatershedConfig(
            seed_threshold=self._seed.value(),
            foreground_threshold=self._foreground.value(),
            min_size=int(self._min_size.value()),
            max_size=int(self._max_size.value()),
            exclude_border=self._exclude_border.isChecked(),
            fill_holes=self._fill_holes.isChecked(),
            prominence=self._prominence,
            parting=self.volume.parting(),
            min_z_extent=self.volume.min_z_extent(),
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
            self._max_size.setValue(config.max_size)
            self._exclude_border.setChecked(config.exclude_border)
            self._fill_holes.setChecked(config.fill_holes)
            self.volume.set_values(config.parting, config.min_z_extent)
        self._prominence = config.prominence  # has no control, and stays as it was

    def set_defaults(self, config: WatershedConfig) -> None:
        """Say where the thresholds of the model lie; a double click goes there."""
        self._seed.set_default(config.seed_threshold)
        self._foreground.set_default(config.foreground_threshold)

    def shows_map(self) -> bool:
        """Whether the user wants to see the distance map."""
        return self._map.isChecked()

    def set_shows_map(self, shows: bool) -> None:
        """Show whether it is there, without emitting."""
        with signals_blocked(self):
            self._map.setChecked(shows)

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

    def _on_min_size_changed(self, size: float) -> None:
        if 0 < self._max_size.value() < size:
            with signals_blocked(self._max_size):
                self._max_size.setValue(size)
        self.changed.emit()

    def _on_max_size_changed(self, size: float) -> None:
        if 0 < size < self._min_size.value():
            with signals_blocked(self._min_size):
                self._min_size.setValue(size)
        self.changed.emit()


def _size_box(name: str, tip: str) -> NumberBox:
    """Box for a size of cells, of which 0 is none."""
    box = NumberBox(0, LARGEST_SIZE)
    box.setSpecialValueText("Off")
    describe(box, name, tip)
    return box
