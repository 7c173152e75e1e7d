"""Drives the Measure dock as a user would, and waits for what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.widgets.measure.dock import MeasureDock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

SIDES = {2: 3, 5: 6, 9: 9, 40: 12}
"""Side in pixels of the square cell of each id, which has gaps."""


def squares() -> np.ndarray:
    """Labels (60, 80), int32: squares apart from each other."""
    labels = np.zeros((60, 80), np.int32)
    for number, (cell, side) in enumerate(SIDES.items()):
        top, left = 5 + 25 * (number // 2), 10 + 30 * (number % 2)
        labels[top : top + side, left : left + side] = cell
    return labels


def ramp() -> np.ndarray:
    """An image (60, 80), uint16, with another value in each pixel."""
    return np.arange(60 * 80, dtype=np.uint16).reshape(60, 80)


class MeasureDriver:
    """A dock in a viewer."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer = viewer
        self.qtbot = qtbot
        self.dock = MeasureDock(viewer)
        viewer.window.add_dock_widget(self.dock, name="Measure")
        self.sections = self.dock.sections
        self.controller = self.dock.controller

    @property
    def column(self) -> Any:
        return self.sections.column

    @property
    def message(self) -> str:
        return self.sections.run._message.message()

    @property
    def stale(self) -> str:
        return self.sections.run._stale.message()

    def press(self) -> None:
        """Press Measure, or Cancel while it works."""
        self.sections.run._button.click()

    def measure(self) -> None:
        """Press Measure and wait until all has followed."""
        self.press()
        self.at_rest()

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until)

    def at_rest(self) -> None:
        """Wait until nothing is measured, looked at or painted any more."""
        controller = self.controller

        def rests() -> bool:
            busy = controller.jobs.busy or controller.watch.busy
            return not busy and not controller.view._soon.isActive()

        self.wait(rests)

    def brush(self, column: str, low: float, high: float) -> None:
        """Choose a column, and drag both handles."""
        self.column.set_column(column)
        self.column.set_range(low, high)
        self.at_rest()

    def values(self, name: str) -> list[Any]:
        """A column of what is shown."""
        measurement = self.controller.measurement
        assert measurement is not None
        return list(measurement.columns[name].tolist())


def opacity(layer: Any, label: int) -> float:
    """Of a label as it is drawn: 0 if it is hidden."""
    return float(layer.get_color(label)[3])
