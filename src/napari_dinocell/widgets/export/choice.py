"""Ticks for the formats of an export, each with what it is good for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.widgets.shared.controls import SPACING, describe


class FormatChoice(QWidget):
    """All formats; those that cannot hold the labels say why instead."""

    changed = Signal()
    """Another choice, by the user or because a format has become impossible."""

    def __init__(self) -> None:
        super().__init__()
        self._ticks: dict[str, QCheckBox] = {}
        self._notes: dict[str, QLabel] = {}
        self._reasons: dict[str, str] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(2 * SPACING)
        layout.setVerticalSpacing(SPACING)
        layout.setColumnStretch(1, 1)
        for row, (key, entry) in enumerate(FORMATS.items()):
            tick, note = QCheckBox(entry.title), QLabel(entry.about)
            note.setWordWrap(True)
            note.setAlignment(Qt.AlignmentFlag.AlignTop)
            describe(tick, entry.title, f"{entry.about}: NAME{entry.suffix}")
            layout.addWidget(tick, row, 0, Qt.AlignmentFlag.AlignTop)
            layout.addWidget(note, row, 1)
            tick.toggled.connect(self.changed)
            self._ticks[key], self._notes[key] = tick, note

    def chosen(self) -> tuple[str, ...]:
        """Keys of the formats that are ticked and possible."""
        ticks = self._ticks.items()
        return tuple(key for key, tick in ticks if tick.isChecked() and self._can(key))

    def set_chosen(self, keys: Collection[str]) -> None:
        """Tick these formats and no others."""
        for key, tick in self._ticks.items():
            tick.setChecked(key in keys)

    def set_reasons(self, reasons: Mapping[str, str]) -> None:
        """Say why formats are impossible; "" for those that are not.

        What the user has ticked stays so, and counts again once it is possible.
        """
        if reasons == self._reasons:
            return
        self._reasons = dict(reasons)
        for key, tick in self._ticks.items():
            reason = reasons.get(key, "")
            tick.setEnabled(not reason)
            self._notes[key].setEnabled(not reason)
            self._notes[key].setText(reason or FORMATS[key].about)
        self.changed.emit()

    def _can(self, key: str) -> bool:
        return not self._reasons.get(key)
