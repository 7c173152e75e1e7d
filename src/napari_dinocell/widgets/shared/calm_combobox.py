"""A list to choose from that fits a narrow dock. Knows nothing of what it lists."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QComboBox, QWidget


class CalmComboBox(QComboBox):
    """Combobox that long texts do not widen, and that the wheel does not turn.

    Whoever scrolls the dock must not change a setting that the pointer passes over.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.setSizeAdjustPolicy(policy)
        self.setMinimumContentsLength(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave the wheel to the dock."""
        if event is not None:
            event.ignore()
