"""Offers corrections that a former session could not finish."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QWidget

from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine


class RecoverySection(QWidget):
    """A line and two buttons, which take no room while there is nothing to recover."""

    def __init__(self) -> None:
        super().__init__()
        self._message = MessageLine()
        self.restore = QPushButton("&Restore")
        describe(self.restore, "Restore", "Shows the labels as they were corrected.")
        self.discard = QPushButton("D&iscard")
        describe(self.discard, "Discard", "Deletes these corrections for good.")
        layout = column_layout(self)
        layout.addWidget(self._message)
        layout.addWidget(make_row("", self.restore, self.discard))
        self.offer("", "")

    def offer(self, name: str, time: str) -> None:
        """Offer the corrections of a layer; "" offers nothing."""
        text = f"Recover corrections of {name} from {time}?" if name else ""
        self._message.show_message(text, "warning")
        self.setVisible(bool(name))

    def offered(self) -> str:
        """What is offered."""
        return self._message.message()
