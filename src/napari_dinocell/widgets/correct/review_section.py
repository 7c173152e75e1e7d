"""Going through doubtful cells: previous, next, accept."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_dinocell.widgets.correct.tools import (
    ACCEPT_KEY,
    NEXT_KEY,
    PREVIOUS_KEY,
    shown_key,
)
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row


class ReviewSection(QWidget):
    """Buttons, and what is doubtful about the cell in view."""

    def __init__(self) -> None:
        super().__init__()
        self._count = QLabel()
        self._count.setWordWrap(True)
        self._reason = QLabel()
        self._reason.setWordWrap(True)
        self.previous = self._make(
            "Previous", PREVIOUS_KEY, "Shows the doubtful cell before this one."
        )
        self.next = self._make(
            "Next", NEXT_KEY, "Shows the next doubtful cell, the most doubtful first."
        )
        self.accept = self._make(
            "Accept",
            ACCEPT_KEY,
            "The cell in view is right: locks it and shows the next one.",
        )
        layout = column_layout(self)
        layout.addWidget(self._count)
        layout.addWidget(make_row("", self.previous, self.next, self.accept))
        layout.addWidget(self._reason)
        self.show_cell(None, ())

    def show_remaining(self, remaining: int | None) -> None:
        """Say how many cells are left; None where that is not known."""
        words = {
            None: "Next looks for doubtful cells of this plane.",
            0: "No doubtful cell is left in this plane.",
            1: "1 doubtful cell left",
        }
        self._count.setText(words.get(remaining, f"{remaining} doubtful cells left"))

    def show_cell(self, cell: int | None, reasons: tuple[str, ...]) -> None:
        """Say what is doubtful about a cell; None for no cell."""
        self.accept.setEnabled(cell is not None)
        self._reason.setVisible(cell is not None)
        self._reason.setText(
            "" if cell is None else f"Cell {cell}: {', '.join(reasons)}"
        )

    def set_enabled(self, enabled: bool) -> None:
        """Whether there are labels to go through."""
        self.previous.setEnabled(enabled)
        self.next.setEnabled(enabled)

    def remaining(self) -> str:
        """What is said about cells that are left."""
        return self._count.text()

    def reason(self) -> str:
        """What is said about the cell in view."""
        return self._reason.text()

    def _make(self, text: str, key: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        describe(button, text, f"{tip} Key: {shown_key(key)}")
        button.setStyleSheet("QPushButton { padding: 4px 2px; }")
        return button
