"""How a measurement looks in the viewer: features, colours, hidden cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_dinocell.engine.measure.measure_cells import LABEL
from napari_dinocell.widgets.layers.image_source import current_plane
from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.measure.colours import (
    LabelColours,
    can_colour,
    colours_of,
)
from napari_dinocell.widgets.measure.features import show_features
from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_dinocell.session.measure.measurement import Measurement, Rows
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.measure.column import ColumnSection

SOON_MS = 30
"""Colours follow a handle this much later, so that steps in between are skipped."""

REST_MS = 250
"""The same for planes on which it would not be smooth."""

LIVE_PIXELS = 5_000_000


class MeasureView(QObject):
    """Shows the plane in view of one measured layer; changes no label."""

    def __init__(
        self, viewer: Viewer, section: ColumnSection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._section = section
        self._layer: Labels | None = None
        self._colours: LabelColours | None = None
        self._measurement: Measurement | None = None
        self._plane: PlaneIndex = ()
        self._soon = Later(SOON_MS, self.update_colours, self)
        section.changed.connect(self._on_section_changed)
        viewer.dims.events.point.connect(self._on_point_changed)

    def follow(self, layer: Labels | None) -> None:
        """Attend to another layer; the former one keeps its colours, all cells seen."""
        self.hide(restore=not self._section.colouring())
        self._layer = layer
        self._colours = None if layer is None else LabelColours(layer)

    def show(self, measurement: Measurement) -> None:
        """Show numbers that hold for the layer's labels."""
        self._measurement = measurement
        if self._layer is not None:
            self._plane = self.shown_plane()
            self._show_plane()

    def hide(self, *, restore: bool) -> None:
        """Numbers hold no longer: show all cells, in their original colours or not."""
        self._soon.stop()
        if self._measurement is not None and self._colours is not None:
            if restore:
                self._colours.restore()
            elif self._colours.active:
                self._paint(np.ones(self._measurement.count, np.bool_))
        self._measurement = None

    def close(self) -> None:
        """Let go of the viewer."""
        self.follow(None)
        self._viewer.dims.events.point.disconnect(self._on_point_changed)

    def shown_plane(self) -> PlaneIndex:
        """Index of the plane of the layer that the viewer shows."""
        if self._layer is None:
            return ()
        source = labels_source(self._layer)
        return current_plane(self._layer, self._viewer.dims, source)

    def can_colour(self) -> bool:
        """Whether napari can colour the ids of the measurement one by one."""
        measurement = self._measurement
        return measurement is None or can_colour(measurement.columns[LABEL])

    def update_colours(self) -> None:
        """Show what the column section asks for."""
        if self._measurement is None or self._colours is None or not self.can_colour():
            return
        kept = self._section.kept()
        if kept.all() and not self._section.colouring():
            self._colours.restore()
        else:
            self._paint(kept)

    def _paint(self, kept: NDArray[np.bool_]) -> None:
        measurement, colours = self._measurement, self._colours
        assert measurement is not None
        assert colours is not None
        rows = measurement.rows_of(self._plane)
        ids = measurement.columns[LABEL][rows]
        painted = self._colours_of(rows) if self._section.colouring() else None
        if painted is None:
            painted = colours.original(ids)
        painted[~kept[rows]] = 0
        colours.show(ids, painted)

    def _colours_of(self, rows: Rows) -> NDArray[np.float64]:
        assert self._measurement is not None
        values = self._measurement.values(self._section.column())[rows]
        return colours_of(values, *self._section.colour_ends())

    def _show_plane(self) -> None:
        assert self._measurement is not None
        assert self._layer is not None
        rows = self._measurement.rows_of(self._plane)
        show_features(self._layer, self._measurement.table(rows))
        self.update_colours()

    def _on_point_changed(self) -> None:
        if self._layer is None or self._measurement is None:
            return
        plane = self.shown_plane()
        if plane != self._plane:
            self._plane = plane
            self._show_plane()

    def _on_section_changed(self) -> None:
        if self._layer is not None and not self._soon.isActive():
            height, width = labels_source(self._layer).shape[-2:]
            live = height * width <= LIVE_PIXELS
            self._soon.start(SOON_MS if live else REST_MS)
