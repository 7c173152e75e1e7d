"""The distance maps as a layer, while the user wants to see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.layers.result_layers import is_result

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dinocell.session.segment.image_result import ImageResult
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.threshold_section import ThresholdSection


class MapLayer(QObject):
    """Shows the maps of the chosen image, or has no layer for them.

    Parameters
    ----------
    viewer
        Gets the layer.
    controller
        Knows the image and what was found in it.
    section
        Where the user asks for it.
    parent
        The dock.
    """

    def __init__(
        self,
        viewer: Viewer,
        controller: SegmentController,
        section: ThresholdSection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._controller = controller
        self._section = section
        section.map_toggled.connect(self.update)
        controller.attended.connect(self.update)
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def update(self) -> None:
        """Show the maps of what there is by now, or take them away."""
        layer, layers = self._controller.layer, self._controller.layers
        if layer is None or layers is None:
            return
        result, shown = self._result(), layers.distance
        if not self._section.shows_map():
            layers.remove_distance()
        elif result is not None and (
            shown is None or shown.data is not result.stack.maps
        ):
            placement = placement_of(layer, result.source)
            layers.ensure_distance(result.stack.maps, placement)

    def close(self) -> None:
        """Listen to the viewer no longer; the dock is about to go."""
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)

    def _result(self) -> ImageResult | None:
        """Of the chosen image; while it is segmented, what grows."""
        run = self._controller.runner.run
        if run is not None and run.layer == self._controller.layer:
            return run.result
        return self._controller.result

    def _on_layer_removed(self, event: object) -> None:
        """A user who removes the layer of a result that stays wants no map."""
        removed = event.value  # type: ignore[attr-defined]
        layers = self._controller.layers
        if layers is None or layers.labels is None or layers.distance is not None:
            return
        if is_result(removed):
            self._section.set_shows_map(False)
