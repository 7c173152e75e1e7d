"""How large the cells are: measured, given or left alone. Measures nothing itself."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Literal, TypeAlias

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QPushButton, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import CellDiameter
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    NumberBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)

SizeMode: TypeAlias = Literal["auto", "given", "as is"]

SMALLEST, LARGEST = 1.0, 10_000.0
"""Diameters in pixels."""

NOTHING_MEASURED = "No cell found to measure"

_TITLES: dict[SizeMode, str] = {
    "auto": "Measure automatically",
    "given": "Given",
    "as is": "As the image is",
}


class SizeSection(QWidget):
    """Cell diameter in pixels, and in the image's unit where it has one."""

    changed = Signal()
    """After any change by the user."""
    draw_toggled = Signal(bool)
    """The user wants to draw across cells, or no longer."""

    def __init__(self) -> None:
        super().__init__()
        self._pixel_size: float | None = None
        self._unit = ""
        self._mode = _make_mode_box()
        self._pixels = NumberBox(SMALLEST, LARGEST, decimals=1, suffix=" px")
        self._pixels.setValue(30)
        describe(self._pixels, "Cell diameter in pixels", "Of a typical cell.")
        self._lengths = NumberBox(SMALLEST, LARGEST)
        name = "Cell diameter in the unit of the image"
        describe(self._lengths, name, "Of a typical cell.")
        self._lengths.hide()
        self.estimate = QPushButton("Estimate")
        describe(
            self.estimate,
            "Estimate the cell diameter",
            "Measures the cells of the shown plane with the model, and gives the "
            "diameter that it finds.",
        )
        self._draw = QPushButton("Draw")
        self._draw.setCheckable(True)
        describe(
            self._draw,
            "Draw the cell diameter",
            "Drag lines across a few cells in the image; their mean length is given. "
            "Ctrl+Z takes the last one back; press again, or Escape, to end.",
        )
        self._measured = QLabel()
        self._measured.setWordWrap(True)
        self._measured.hide()
        self._lay_out()
        self._connect()
        self._show_mode()

    def _lay_out(self) -> None:
        self._given_row = make_row("", self._pixels, self._lengths)
        layout = column_layout(self)
        layout.addWidget(make_row("Diam&eter:", self._mode))
        layout.addWidget(self._given_row)
        layout.addWidget(self._measured)
        layout.addWidget(make_row("", self.estimate, self._draw))

    def _connect(self) -> None:
        self._mode.currentIndexChanged.connect(self._on_mode_changed)
        self._pixels.valueChanged.connect(self._on_pixels_changed)
        self._lengths.valueChanged.connect(self._on_length_changed)
        self._draw.toggled.connect(self.draw_toggled)

    def diameter(self) -> CellDiameter:
        """Pixels, "auto", or None for the image as it is."""
        mode: SizeMode = self._mode.currentData()
        if mode == "given":
            return round(self._pixels.value(), 1)
        return "auto" if mode == "auto" else None

    def set_diameter(self, diameter: CellDiameter) -> None:
        """Show a diameter, as after a measurement; nothing is emitted."""
        with signals_blocked(self):
            if diameter is None or diameter == "auto":
                choose_data(self._mode, diameter or "as is")
                return
            self._pixels.setValue(diameter)
            choose_data(self._mode, "given")

    def set_measured(self, diameter: float | None) -> None:
        """Say what was measured.

        Parameters
        ----------
        diameter
            Pixels; None if no cell was found.
        """
        text = NOTHING_MEASURED
        if diameter is not None:
            text = f"Measured: {diameter:.1f} px{self._in_unit(diameter)}"
            if self._mode.currentData() != "given":  # a good start for a given one
                with signals_blocked(self):
                    self._pixels.setValue(diameter)
        self._show_measured(text)

    def set_image_known(self, known: bool) -> None:
        """Whether there is an image to measure or draw in."""
        self.estimate.setEnabled(known)
        self._draw.setEnabled(known)

    def clear_measured(self) -> None:
        """Say nothing: what was measured is of another image."""
        self._show_measured("")

    def set_drawing(self, on: bool) -> None:
        """Press or release "Draw" without emitting."""
        with signals_blocked(self):
            self._draw.setChecked(on)

    def set_pixel_size(self, size: float | None, unit: str) -> None:
        """Say how large a pixel of the image is; nothing is emitted.

        Parameters
        ----------
        size
            Side of a pixel; None shows diameters in pixels only.
        unit
            Such as "µm".
        """
        known = size is not None and size > 0
        self._pixel_size, self._unit = (size, unit) if known else (None, "")
        self._lengths.setVisible(known)
        if self._pixel_size is None:
            return
        with signals_blocked(self._lengths):
            self._lengths.setDecimals(_decimals(self._pixel_size))
            # A round number, large enough to change the pixels.
            self._lengths.setSingleStep(10.0 ** floor(log10(self._pixel_size)))
            self._lengths.setSuffix(f" {unit}")
            self._lengths.setRange(
                SMALLEST * self._pixel_size, LARGEST * self._pixel_size
            )
        self._show_length()

    def _show_mode(self) -> None:
        self._given_row.setVisible(self._mode.currentData() == "given")

    def _show_length(self) -> None:
        if self._pixel_size is not None:
            with signals_blocked(self._lengths):
                self._lengths.setValue(self._pixels.value() * self._pixel_size)

    def _show_measured(self, text: str) -> None:
        self._measured.setText(text)
        self._measured.setVisible(bool(text))

    def _in_unit(self, diameter: float) -> str:
        if self._pixel_size is None:
            return ""
        length = diameter * self._pixel_size
        return f" ({length:.{_decimals(self._pixel_size)}f} {self._unit})"

    def _on_mode_changed(self) -> None:
        self._show_mode()
        self.changed.emit()

    def _on_pixels_changed(self) -> None:
        self._show_length()
        self.changed.emit()

    def _on_length_changed(self, length: float) -> None:
        """Keep the length as typed, whose pixels may be rounded."""
        assert self._pixel_size is not None
        with signals_blocked(self._pixels):
            self._pixels.setValue(length / self._pixel_size)
        self.changed.emit()


def _make_mode_box() -> ElidedComboBox:
    box = ElidedComboBox()
    for mode, title in _TITLES.items():
        box.addItem(title, mode)
    describe(
        box,
        "Cell diameter",
        "The image is scaled so that its cells are as large as those that the model "
        "was trained with. “As the image is” does not scale.",
    )
    return box


def _decimals(pixel_size: float) -> int:
    """Decimals that tell lengths apart as finely as tenths of pixels."""
    return min(max(ceil(-log10(pixel_size / 10)), 0), 6)
