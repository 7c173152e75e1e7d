"""How intensities are prepared for the network. Knows no image."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.widgets.segment.limits_choice import LimitsChoice
from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.short_box import ShortBox

SMALLEST_GAP = 0.01
"""Percent that lie between the two percentiles at least."""


class ContrastSection(QWidget):
    """Limits, local contrast, and whether the outcome is shown as a layer."""

    changed = Signal()
    """After any change of a setting by the user."""
    preview_toggled = Signal(bool)
    """The user wants to see what the network sees, or no longer."""

    def __init__(self) -> None:
        super().__init__()
        self._limits = LimitsChoice()
        self._low = ShortBox(0, 100, decimals=2, step=0.1)
        describe(
            self._low,
            "Low percentile",
            "So many percent of the pixels become black (low percentile).",
        )
        self._high = ShortBox(0, 100, decimals=2, step=0.1)
        describe(
            self._high,
            "High percentile",
            "What is brighter than so many percent of the pixels becomes white "
            "(high percentile).",
        )
        self._robust = QCheckBox("Robust limits")
        describe(
            self._robust,
            "Robust limits",
            "Noise is never stretched over the range, so that empty fields stay empty; "
            "hot pixels, debris and bubbles do not set black and white.",
        )
        self._clahe = QCheckBox("Even out local contrast")
        describe(
            self._clahe,
            "Even out local contrast",
            "Makes cells in dark and bright areas look alike: contrast-limited "
            "adaptive histogram equalisation (CLAHE; Zuiderveld 1994).",
        )
        self._clip_limit = ShortBox(1, 100, decimals=2, step=0.5)
        describe(
            self._clip_limit,
            "Clip limit",
            "How strongly local contrast may be raised; 1 changes nothing (clip limit "
            "of CLAHE).",
        )
        self._window = NumberBox(8, 10_000, step=8, suffix=" px")
        describe(
            self._window,
            "Window in pixels",
            "Side of the area over which local contrast is evened out; a few cells "
            "wide is good (window of CLAHE).",
        )
        self._preview = QCheckBox("Show what the network sees")
        describe(
            self._preview,
            "Show what the network sees",
            "A layer that follows these settings.",
        )
        self._lay_out()
        self._connect()
        self.set_config(ContrastConfig())

    def _lay_out(self) -> None:
        self._local_rows = [
            make_row("Clip limit:", self._clip_limit),
            make_row("Window:", self._window),
        ]
        self._percentiles = make_row("Percentiles:", self._low, self._high)
        layout = column_layout(self)
        layout.addWidget(self._limits)
        layout.addWidget(self._percentiles)
        layout.addWidget(self._robust)
        layout.addWidget(self._clahe)
        for row in self._local_rows:
            layout.addWidget(row)
        layout.addWidget(self._preview)

    def _connect(self) -> None:
        self._limits.changed.connect(self._on_limits_changed)
        self._robust.toggled.connect(self.changed)
        self._low.valueChanged.connect(self._on_percentile_changed)
        self._high.valueChanged.connect(self._on_percentile_changed)
        self._clahe.toggled.connect(self._on_clahe_toggled)
        self._clip_limit.valueChanged.connect(self.changed)
        self._window.valueChanged.connect(self.changed)
        self._preview.toggled.connect(self.preview_toggled)

    def config(self) -> ContrastConfig:
        """Settings as they are shown."""
        return ContrastConfig(
            low_percentile=round(self._low.value(), 2),
            high_percentile=round(self._high.value(), 2),
            clahe=self._clahe.isChecked(),
            clip_limit=round(self._clip_limit.value(), 2),
            window=int(self._window.value()),
            robust=self._robust.isChecked(),
            limits=self._limits.limits(),
        )

    def set_config(self, config: ContrastConfig) -> None:
        """Show settings, rounded as they are shown, without emitting."""
        with signals_blocked(self):
            self._set_percentiles(config.low_percentile, config.high_percentile)
            self._clip_limit.setValue(config.clip_limit)
            self._window.setValue(config.window)
            self._clahe.setChecked(config.clahe)
            self._robust.setChecked(config.robust)
            self._limits.set_limits(config.limits)
            self._on_limits_changed()

    def set_preview(self, on: bool) -> None:
        """Tick or untick "Show what the network sees" without emitting."""
        with signals_blocked(self):
            self._preview.setChecked(on)

    def _set_percentiles(self, low: float, high: float) -> None:
        for box, value in ((self._low, low), (self._high, high)):
            with signals_blocked(box):
                box.setRange(0, 100)
                box.setValue(value)
        self._limit_percentiles()

    def _limit_percentiles(self) -> None:
        """Let neither percentile reach the other one."""
        with signals_blocked(self._low), signals_blocked(self._high):
            self._low.setRange(0, self._high.value() - SMALLEST_GAP)
            self._high.setRange(self._low.value() + SMALLEST_GAP, 100)

    def _on_percentile_changed(self) -> None:
        self._limit_percentiles()
        self.changed.emit()

    def _on_limits_changed(self) -> None:
        """Percentiles have no effect where both limits are given."""
        self._percentiles.setEnabled(isinstance(self._limits.limits(), str))
        self.changed.emit()

    def _on_clahe_toggled(self, on: bool) -> None:
        for row in self._local_rows:
            row.setEnabled(on)
        self.changed.emit()
