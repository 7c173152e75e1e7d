"""Labels of results as outlines or as areas, as the dock's switch says.

The layer's own control goes on working: the switch acts when it is pressed and when a
new result comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_dinocell.widgets.layers.result_layers import is_result

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dinocell.widgets.segment.finish_row import FinishRow

CONTOUR = 2
"""Width of an outline, in pixels of the labels."""


class ContourController(QObject):
    """Keeps new result layers in step with the switch."""

    def __init__(
        self, viewer: Viewer, row: FinishRow, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._row = row
        row.contours_changed.connect(self._on_switched)
        viewer.layers.events.inserted.connect(self._on_inserted)

    def close(self) -> None:
        """Leave the layers as they are; the dock is about to go."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)

    def _on_switched(self) -> None:
        for layer in self._viewer.layers:
            self._draw(layer)

    def _on_inserted(self, event: Any) -> None:
        if self._row.contours():
            self._draw(event.value)

    def _draw(self, layer: Any) -> None:
        if isinstance(layer, Labels) and is_result(layer):
            layer.contour = CONTOUR if self._row.contours() else 0
