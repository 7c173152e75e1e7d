"""Buttons of the correction tools, brush and eraser, undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_dinocell.widgets.correct.tools import (
    REDO_KEY,
    TOOLS,
    UNDO_KEY,
    shown_key,
)
from napari_dinocell.widgets.shared.controls import (
    SPACING,
    column_layout,
    describe,
)
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from napari_dinocell.widgets.shared.message_line import MessageLevel

COLUMNS = 5

BRUSHES = (
    ("paint", "Brush", "2", "Paint with the selected label: napari's own brush."),
    ("erase", "Eraser", "1", "napari's own eraser."),
)
"""Mode of the layer, text, napari's key and tip."""

_STYLE = "QPushButton { padding: 4px 2px; }"


class ToolSection(QWidget):
    """One tool is active at a time, or none."""

    tool_requested = Signal(str)
    """Name of the tool to take up; "" to put the present one away."""
    brush_requested = Signal(str)
    """Mode of napari's brush to take up; "" to put it away."""

    def __init__(self) -> None:
        super().__init__()
        self._buttons: dict[str, QPushButton] = {}
        self._tips: dict[str, str] = {}
        for tool in TOOLS:
            button = self._make(tool.name, tool.text, tool.key, tool.tip)
            button.clicked.connect(self._emit(self.tool_requested, tool.name))
        for mode, text, key, tip in BRUSHES:
            button = self._make(mode, text, key, tip)
            button.clicked.connect(self._emit(self.brush_requested, mode))
        grid = QGridLayout()
        grid.setSpacing(SPACING)
        for place, button in enumerate(self._buttons.values()):
            grid.addWidget(button, place // COLUMNS, place % COLUMNS)
        self.undo = self._make_step("Undo", UNDO_KEY, "Take back the last change.")
        self.redo = self._make_step("Redo", REDO_KEY, "Make it again.")
        grid.addWidget(self.undo, len(self._buttons) // COLUMNS, COLUMNS - 2)
        grid.addWidget(self.redo, len(self._buttons) // COLUMNS, COLUMNS - 1)
        self._message = MessageLine()
        layout = column_layout(self)
        layout.addLayout(grid)
        layout.addWidget(self._message)

    def show_active(self, name: str) -> None:
        """Mark the tool or brush that is active; "" for none."""
        for own, button in self._buttons.items():
            button.setChecked(own == name)

    def set_problem(self, reason: str) -> None:
        """Grey all tools out, and say why; "" makes them usable."""
        for name, button in self._buttons.items():
            button.setEnabled(not reason)
            describe(button, button.text(), reason or self._tips[name])
        for button in (self.undo, self.redo):
            button.setEnabled(not reason)
        self.show_message(reason, "warning")

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Say what to do or what was done; "" says nothing."""
        self._message.show_message(text, level)

    def message(self) -> str:
        """What is said at present."""
        return self._message.message()

    def button(self, name: str) -> QPushButton:
        """The button of a tool or brush."""
        return self._buttons[name]

    def _make(self, name: str, text: str, key: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setCheckable(True)
        button.setStyleSheet(_STYLE)
        self._tips[name] = f"{tip} Key: {shown_key(key)}"
        describe(button, text, self._tips[name])
        self._buttons[name] = button
        return button

    def _make_step(self, text: str, key: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setStyleSheet(_STYLE)
        describe(button, text, f"{tip} Key: {shown_key(key)}")
        return button

    def _emit(self, signal: Signal, name: str):  # type: ignore[no-untyped-def]
        def on_clicked(checked: bool) -> None:
            signal.emit(name if checked else "")

        return on_clicked
