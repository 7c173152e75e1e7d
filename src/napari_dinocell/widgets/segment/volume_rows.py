"""What cuts a volume besides the thresholds: bridged slices, parting, fewest slices."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.stack_config import MOST_BRIDGED, StackConfig
from napari_dinocell.engine.watershed_config import PARTING
from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    SliderRow,
    column_layout,
    describe,
    make_row,
)

MOST_SLICES = 1000


class VolumeRows(QWidget):
    """A slider that is live as the thresholds are, and two numbers of slices."""

    changed = Signal()
    """The user moved what the watershed is asked with: parting, or fewest slices."""
    bridge_changed = Signal()
    """The user wants other gaps closed: the watershed of volumes is prepared anew."""

    def __init__(self) -> None:
        super().__init__()
        self._parting = SliderRow(
            "Partin&g:",
            low=0.02,
            high=1.0,
            name="Parting",
            tip="How far the saddle between two seeds of one cell may lie below them. "
            "Lower parts cells above one another more readily, 1 joins seeds as in a "
            "plane.",
        )
        self._parting.set_default(PARTING)
        self._bridge = NumberBox(0, MOST_BRIDGED)
        self._bridge.setSpecialValueText("None")
        describe(
            self._bridge,
            "Slices to bridge",
            "Slices in a row that a cell may be missing in and is still one: the map "
            "is closed along z. Does not need the network, but takes some seconds for "
            "large volumes.",
        )
        self._extent = NumberBox(0, MOST_SLICES)
        self._extent.setSpecialValueText("Off")
        describe(
            self._extent,
            "Minimum number of slices",
            "Cells that go through fewer slices are dropped. 0 keeps all.",
        )
        layout = column_layout(self)
        layout.addWidget(self._parting)
        layout.addWidget(make_row("&Bridge slices:", self._bridge))
        layout.addWidget(make_row("Minimum slices:", self._extent))
        self._parting.value_changed.connect(self.changed)
        self._extent.valueChanged.connect(self.changed)
        self._bridge.valueChanged.connect(self.bridge_changed)
        self.set_values(PARTING, 0)
        self.set_bridge(StackConfig().bridge)

    def parting(self) -> float:
        """Share of what a seed lacks to 1 that its saddle may lack."""
        return self._parting.value()

    def min_z_extent(self) -> int:
        """Slices that a cell goes through at least."""
        return int(self._extent.value())

    def bridge(self) -> int:
        """Slices in a row that a cell may be missing in."""
        return int(self._bridge.value())

    def set_values(self, parting: float, min_z_extent: int) -> None:
        """Show what the watershed is asked with, without emitting."""
        with signals_blocked(self):
            self._parting.set_value(parting)
            self._extent.setValue(min_z_extent)

    def set_bridge(self, bridge: int) -> None:
        """Show how many slices are bridged, without emitting."""
        with signals_blocked(self):
            self._bridge.setValue(bridge)
