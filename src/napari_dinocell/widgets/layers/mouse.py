"""What the mouse does on a layer while a tool is active.

Turns presses, moves and releases into clicks and drawings; knows no cells. Positions
are in the world, one value for each axis of the viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari.layers import Image, Labels

CLICK = 4.0
"""Pixels of the screen; who moves the mouse further pans or draws."""


class MouseGestures(QObject):
    """Listens to one layer at a time."""

    clicked = Signal(object)
    """Position of a press that was released at the same place."""
    drawing = Signal(list)
    """All positions so far while something is drawn."""
    drawn = Signal(list)
    """All positions at the end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layer: Image | Labels | None = None
        self._draws = self._clicks = False

    def start(
        self, layer: Image | Labels, *, draws: bool, clicks: bool | None = None
    ) -> None:
        """Listen to a layer; drawing takes the place of panning.

        Parameters
        ----------
        layer
            Gets the mouse while it is active.
        draws
            Whether moving the pressed mouse draws.
        clicks
            Whether a press without a move is a click; None where nothing is drawn.
        """
        self.stop()
        self._layer, self._draws = layer, draws
        self._clicks = not draws if clicks is None else clicks
        layer.mode = "pan_zoom"
        layer.mouse_pan = not draws
        layer.mouse_drag_callbacks.append(self._on_drag)

    def stop(self) -> None:
        """Listen no more."""
        layer, self._layer = self._layer, None
        if layer is None:
            return
        if self._on_drag in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(self._on_drag)
        layer.mouse_pan = str(layer.mode) == "pan_zoom"

    def _on_drag(self, _: Image | Labels, event: Any) -> Generator[None, None, None]:
        if event.button != 1:
            return
        first, positions = np.array(event.pos, float), [tuple(event.position)]
        moved = False
        yield
        while event.type == "mouse_move":
            moved |= float(np.linalg.norm(np.array(event.pos) - first)) > CLICK
            positions.append(tuple(event.position))
            if self._draws and moved:
                self.drawing.emit(positions)
            yield
        if self._layer is None:  # the tool was put away meanwhile
            return
        if self._clicks and not moved:
            self.clicked.emit(positions[0])
        elif self._draws and moved:
            self.drawn.emit(positions)
