"""A histogram with a range that is brushed: painted by hand, 300 pixels wide.

Knows numbers only. Handles are dragged with the mouse; the boxes of the column section
do the same with the keyboard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT = 124
"""Pixels."""

BINS = 48

MARGIN = 8
"""Pixels beside the bars, so that the handles can be taken at both ends."""

GRIP = 5
"""Radius of a handle's grip in pixels."""

_OUTSIDE = 0.25
"""Opacity of bars outside of the range."""


class Histogram(QWidget):
    """Bars, of one colour or of a colormap, and a range between two handles."""

    range_changed = Signal(float, float)
    """Both ends, while a handle is dragged."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = np.zeros(0, np.intp)
        self._ends = (0.0, 1.0)
        self._range = (0.0, 1.0)
        self._colours: list[QColor] | None = None
        self._dragged: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """As wide as the dock."""
        return QSize(200, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for any dock."""
        return QSize(80, HEIGHT)

    def set_values(self, values: NDArray[np.float64], low: float, high: float) -> None:
        """Count finite numbers between two ends, and take the whole range."""
        self._ends = self._range = (low, high)
        if values.size == 0:
            self._counts = np.zeros(0, np.intp)
            self.update()
            return
        whole = (values == np.round(values)).all()
        bins = min(BINS, int(high - low) + 1) if whole else BINS
        edge = (low, high) if high > low else (low - 0.5, high + 0.5)
        self._counts = np.histogram(values, bins, edge)[0]
        self.update()

    def set_range(self, low: float, high: float) -> None:
        """Show another range; nothing is emitted."""
        self._range = (low, high)
        self.update()

    def set_colours(self, colours: NDArray[np.float64] | None) -> None:
        """Paint the bars in colours (N, 4) from the low to the high end, or in one."""
        self._colours = None
        if colours is not None:
            self._colours = [QColor.fromRgbF(*map(float, c)) for c in colours]
        self.update()

    def paintEvent(self, _: QPaintEvent | None) -> None:
        """Bars, baseline and handles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bars(painter)
        if self._counts.size:
            self._paint_handles(painter)
            self._paint_ends(painter)
        painter.end()

    def _paint_bars(self, painter: QPainter) -> None:
        room, counts = self._room(), self._counts
        painter.setPen(Qt.PenStyle.NoPen)
        width = room.width() / max(1, counts.size)
        # roots, so that few cells are still seen beside many
        heights = np.sqrt(counts / max(1, counts.max(initial=0))) * room.height()
        low, high = (self._x_of(value) for value in self._range)
        for number, height in enumerate(heights):
            if not height:
                continue
            left = room.left() + number * width
            bar = QRectF(left, room.bottom() - height, max(width - 1, 1), height)
            middle = left + width / 2
            painter.setOpacity(1 if low <= middle <= high else _OUTSIDE)
            painter.setBrush(self._colour_at((number + 0.5) / counts.size))
            painter.drawRect(bar)
        painter.setOpacity(1)

    def _paint_handles(self, painter: QPainter) -> None:
        room = self._room()
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setBrush(colour)
        for value in self._range:
            x = self._x_of(value)
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.drawEllipse(QPointF(x, room.bottom()), GRIP, GRIP)

    def _paint_ends(self, painter: QPainter) -> None:
        """Lowest and highest value, below the axis: with colours, their legend."""
        room = self.rect().adjusted(2, 0, -2, 0)
        low, high = (f"{value:.4g}" for value in self._ends)
        at_bottom = Qt.AlignmentFlag.AlignBottom
        painter.drawText(room, at_bottom | Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(room, at_bottom | Qt.AlignmentFlag.AlignRight, high)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the nearer handle, and bring it here."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self._counts.size:
            x = event.position().x()
            low, high = (self._x_of(value) for value in self._range)
            to_low, to_high = abs(x - low), abs(x - high)
            nearer = to_low < to_high or (to_low == to_high and x < low)
            self._dragged = 0 if nearer else 1
            self._drag_to(x)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag the handle that was taken."""
        if event is not None and self._dragged is not None:
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, _: QMouseEvent | None) -> None:
        """Let go of it."""
        self._dragged = None

    def _drag_to(self, x: float) -> None:
        room, (low, high) = self._room(), self._ends
        share = min(max((x - room.left()) / max(room.width(), 1), 0), 1)
        value = high if share == 1 else low + share * (high - low)
        ends = list(self._range)
        if self._dragged == 0:
            ends[0] = min(value, ends[1])
        else:
            ends[1] = max(value, ends[0])
        self._range = (ends[0], ends[1])
        self.update()
        self.range_changed.emit(*self._range)

    def _room(self) -> QRectF:
        below = GRIP + 2 + self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(MARGIN, 2, -MARGIN, -below)

    def _x_of(self, value: float) -> float:
        room, (low, high) = self._room(), self._ends
        share = (value - low) / (high - low) if high > low else 0.5
        return float(room.left() + share * room.width())

    def _colour_at(self, share: float) -> Any:
        if self._colours is None:
            return self.palette().color(QPalette.ColorRole.Highlight)
        return self._colours[
            min(int(share * len(self._colours)), len(self._colours) - 1)
        ]
