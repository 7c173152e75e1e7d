"""The curve of a training run: loss above, average precision below.

The only file that imports pyqtgraph, which takes a while: import it on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QPalette

from napari_dinocell.widgets.shared.controls import describe

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

HEIGHT = 220
"""Pixels of both plots together."""

AXIS_WIDTH = 58
"""Pixels, the same in both plots so that their epochs lie below each other."""

TRAINING, VALIDATION = "#8c8c8c", "#2f9be0"
"""Colours that can be told apart in either theme, and by the colour-blind."""

Points = tuple[list[float], list[float]]
"""Positions in epochs, and values."""


class TrainingCurve(pyqtgraph.GraphicsLayoutWidget):
    """Loss of each step and of each validation, and AP50 of each validation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setBackground(None)
        self.setFixedHeight(HEIGHT)
        self.setFrameShape(self.Shape.NoFrame)
        describe(
            self,
            "Curve of the training",
            "Grey: loss of each training step, made-up images included. Blue: loss and "
            "average precision on the examples that judge. Dashed: the base model.",
        )
        self.ci.layout.setContentsMargins(0, 0, 8, 0)
        self.ci.layout.setVerticalSpacing(10)
        self._loss, self._precision = self._plot(0, "loss"), self._plot(1, "AP50")
        self._precision.setXLink(self._loss)
        self._precision.setYRange(0, 1, padding=0.05)
        self._loss.hideAxis("bottom")
        self._precision.setLabel("bottom", "epoch")
        self._precision.getAxis("bottom").setStyle(maxTickLevel=0)
        self._step_line = self._loss.plot(pen=pyqtgraph.mkPen(TRAINING, width=1))
        self._loss_line = self._loss.plot(**_dots())
        self._precision_line = self._precision.plot(**_dots())
        dashed = pyqtgraph.mkPen(TRAINING, width=1, style=Qt.PenStyle.DashLine)
        self._base = pyqtgraph.InfiniteLine(angle=0, pen=dashed)
        self._precision.addItem(self._base)
        self.start(1, 0)
        self._colour_axes()

    def start(self, epochs: int, epoch: int) -> None:
        """Begin anew for a run of so many epochs, some of which may be done."""
        self.steps: Points = ([], [])
        self.losses: Points = ([], [])
        self.precisions: Points = ([], [])
        self._base.hide()
        self._loss.setXRange(epoch, max(epochs, epoch + 1), padding=0.02)
        self._draw()

    def add_step(self, epoch: float, loss: float) -> None:
        """A step was done, at a fraction of an epoch."""
        _add(self.steps, epoch, loss)
        self._step_line.setData(*self.steps)

    def add_epoch(self, epoch: int, loss: float, ap50: float) -> None:
        """An epoch was judged."""
        _add(self.losses, epoch, loss)
        _add(self.precisions, epoch, ap50)
        self._draw()

    def show_base(self, ap50: float) -> None:
        """The base model is as good as this."""
        self._base.setValue(ap50)
        self._base.show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_base"):
            self._colour_axes()

    def wheelEvent(self, event: QEvent) -> None:
        """Leave the wheel to the dock."""
        event.ignore()

    def _plot(self, row: int, title: str) -> pyqtgraph.PlotItem:
        plot = self.addPlot(row=row, col=0, enableMenu=False)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setLabel("left", title)
        axis = plot.getAxis("left")
        axis.setWidth(AXIS_WIDTH)
        axis.enableAutoSIPrefix(False)
        # Labelled ticks alone, and more of them than so low a plot would get.
        axis.setStyle(maxTickLevel=0)
        axis.setTickDensity(2)
        return plot

    def _colour_axes(self) -> None:
        colour: QColor = self.palette().color(QPalette.ColorRole.WindowText)
        for plot in (self._loss, self._precision):
            for name in ("left", "bottom"):
                axis = plot.getAxis(name)
                axis.setPen(colour)
                axis.setTextPen(colour)

    def _draw(self) -> None:
        self._step_line.setData(*self.steps)
        self._loss_line.setData(*self.losses)
        self._precision_line.setData(*self.precisions)


def _add(points: Points, position: float, value: float) -> None:
    points[0].append(position)
    points[1].append(value)


def _dots() -> dict[str, object]:
    return {
        "pen": pyqtgraph.mkPen(VALIDATION, width=2),
        "symbol": "o",
        "symbolSize": 5,
        "symbolBrush": VALIDATION,
        "symbolPen": None,
    }
