"""Where black and white come from: the image, its whole stack, or two numbers."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import Limits
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.short_box import ShortBox

LimitsMode: TypeAlias = Literal["image", "all", "given"]

LARGEST = 1e12
"""Intensities that can be typed; others are carried as they came."""

DECIMALS = 6
"""Enough for images in [0, 1]."""

_TITLES: dict[LimitsMode, str] = {
    "image": "From this image",
    "all": "From all planes",
    "given": "Given",
}


class LimitsChoice(QWidget):
    """One choice, and two boxes below it where the numbers are given.

    The higher limit stays above the lower one: the box that is typed in pushes the
    other one along.
    """

    changed = Signal()
    """After any change by the user."""

    def __init__(self) -> None:
        super().__init__()
        self._given = (0.0, 255.0)
        self._mode = ElidedComboBox()
        for mode, title in _TITLES.items():
            self._mode.addItem(title, mode)
        describe(
            self._mode,
            "Limits",
            "Which intensities become black and white: measured in each plane by "
            "itself; in all planes of the image together, so that they can be compared "
            "(all are read first); or given.",
        )
        self._low = _intensity_box("Intensity that becomes black")
        self._high = _intensity_box("Intensity that becomes white")
        self._given_row = make_row("Black, white:", self._low, self._high)
        layout = column_layout(self)
        layout.addWidget(make_row("Limits:", self._mode))
        layout.addWidget(self._given_row)
        self._mode.currentIndexChanged.connect(self._on_mode_changed)
        self._low.valueChanged.connect(self._on_low_changed)
        self._high.valueChanged.connect(self._on_high_changed)
        self._show()

    def limits(self) -> Limits:
        """What is chosen; numbers that nobody has changed are exactly as they came."""
        mode: LimitsMode = self._mode.currentData()
        return self._given if mode == "given" else mode

    def set_limits(self, limits: Limits) -> None:
        """Show limits without emitting."""
        with signals_blocked(self):
            if isinstance(limits, str):
                choose_data(self._mode, limits)
            else:
                self._given = limits
                choose_data(self._mode, "given")
            self._show()

    def _show(self) -> None:
        self._given_row.setVisible(self._mode.currentData() == "given")
        for box, value in zip((self._low, self._high), self._given, strict=True):
            with signals_blocked(box):
                box.setValue(value)

    def _on_mode_changed(self) -> None:
        self._show()
        self.changed.emit()

    def _on_low_changed(self, low: float) -> None:
        high = self._given[1]
        self._take(low, high if low < high else low + 1)

    def _on_high_changed(self, high: float) -> None:
        low = self._given[0]
        self._take(low if low < high else high - 1, high)

    def _take(self, low: float, high: float) -> None:
        self._given = low, high
        self._show()
        self.changed.emit()


def _intensity_box(name: str) -> ShortBox:
    box = ShortBox(-LARGEST, LARGEST, decimals=DECIMALS)
    box.setStepType(box.StepType.AdaptiveDecimalStepType)
    describe(box, name, f"{name}; all beyond is clipped.")
    return box
