"""The outline of the cell whose row was chosen in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_dinocell.engine.measure.measure_cells import BOX, LABEL
from napari_dinocell.widgets.layers.image_source import current_plane
from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.layers.marks import Marks, outline_segments

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_dinocell.session.measure.measurement import Measurement
    from napari_dinocell.session.regions import PlaneIndex, Region

NAME = "Chosen cell"


class ChosenCell(QObject):
    """Outlines one cell, as long as its plane is shown."""

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._marks = Marks(viewer, NAME, "white")
        self._layer: Labels | None = None
        self._plane: PlaneIndex = ()
        viewer.dims.events.point.connect(self._on_point_changed)

    def show(self, layer: Labels, measurement: Measurement, row: int) -> None:
        """Outline the cell of a row, in a plane that is shown."""
        top, left, bottom, right = (int(measurement.columns[n][row]) for n in BOX)
        region: Region = (slice(top, bottom), slice(left, right))
        self._layer, self._plane = layer, measurement.plane_of(row)
        labels = np.asarray(labels_source(layer).read(self._plane, region))
        mask = labels == measurement.columns[LABEL][row]
        self._marks.show(outline_segments(mask, region), layer)

    def hide(self) -> None:
        """Outline nothing."""
        self._layer = None
        self._marks.remove()

    def close(self) -> None:
        """Let go of the viewer."""
        self.hide()
        self._viewer.dims.events.point.disconnect(self._on_point_changed)

    def _on_point_changed(self) -> None:
        layer = self._layer
        if layer is None:
            return
        if current_plane(layer, self._viewer.dims, labels_source(layer)) != self._plane:
            self.hide()
