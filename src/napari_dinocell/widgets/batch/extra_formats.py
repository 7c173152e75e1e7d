"""What is written besides labels: a button with a menu of ticks, however many."""

from __future__ import annotations

from collections.abc import Collection

from qtpy.QtCore import Signal
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QMenu, QPushButton, QSizePolicy
from superqt.utils import signals_blocked

from napari_dinocell.engine.results.export_formats import (
    EXTRA_FORMATS,
    FORMATS,
    MEASUREMENTS,
)
from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.shared.controls import describe

NONE = "Measurements, ROIs…"
"""What there is to choose, while nothing is chosen."""

TIP = (
    "Measurements and other formats, written beside the labels. The table of "
    "measurements has size, shape, intensities in all channels and confidence."
)


# As the lists beside it: text on the left, and boxes that show in every theme.
_STYLE = """
QPushButton { text-align: left; padding-left: 9px; }
QMenu::item { padding: 3px 14px 3px 26px; }
QMenu::indicator { width: 11px; height: 11px; left: 8px; border-radius: 2px;
                   border: 1px solid rgba(128, 128, 128, 220); }
QMenu::indicator:checked { background: rgb(45, 110, 180); }
"""


class _TickMenu(QMenu):
    """Stays open while the mouse ticks one entry after the other."""

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


class ExtraFormats(QPushButton):
    """Choice of formats, measurements first."""

    changed = Signal()
    """Any change by the user."""

    def __init__(self) -> None:
        super().__init__(NONE)
        menu = _TickMenu(self)
        menu.setToolTipsVisible(True)
        self._actions = {}
        for key in (MEASUREMENTS, *(k for k in EXTRA_FORMATS if k != MEASUREMENTS)):
            action = menu.addAction(FORMATS[key].title)
            action.setCheckable(True)
            action.setToolTip(_about(key))
            action.toggled.connect(self._on_toggled)
            self._actions[key] = action
        self.setMenu(menu)
        self.setStyleSheet(_STYLE)
        # Its text must not widen the dock.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        describe(self, "Also write", TIP)

    def chosen(self) -> tuple[str, ...]:
        """Keys of the formats that are ticked."""
        return tuple(key for key, a in self._actions.items() if a.isChecked())

    def set_chosen(self, keys: Collection[str]) -> None:
        """Tick these formats and no others; nothing is emitted."""
        with signals_blocked(self):
            for key, action in self._actions.items():
                action.setChecked(key in keys)

    def _on_toggled(self) -> None:
        titles = [FORMATS[key].title for key in self.chosen()]
        few = ", ".join(titles) if len(titles) < 3 else counted(len(titles), "format")
        self.setText(few or NONE)
        describe(self, "Also write", f"{', '.join(titles)}. {TIP}" if titles else TIP)
        self.changed.emit()


def _about(key: str) -> str:
    entry = FORMATS[key]
    about = f"{entry.about}: NAME_labels{entry.suffix}"
    if key == MEASUREMENTS:
        return f"{about}, and all images together in dinocell_measurements.csv"
    return about
