"""The layer "What the network sees" follows image, plane and contrast settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.segment.contrast_preview import ContrastPreview
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections


class PreviewController(QObject):
    """Shows and hides the preview as its box is ticked."""

    def __init__(
        self,
        viewer: Viewer,
        controller: SegmentController,
        sections: Sections,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._sections = sections
        self._preview = ContrastPreview(viewer, on_hidden=self._on_hidden)
        sections.contrast.preview_toggled.connect(self._on_toggled)
        controller.attended.connect(self._on_attended)

    def close(self) -> None:
        """Remove the layer; the dock is about to go."""
        self._preview.hide()

    def _on_toggled(self, on: bool) -> None:
        if on:
            self._show()
        else:
            self._preview.hide()

    def _on_attended(self) -> None:
        if self._preview.visible:
            self._show()

    def _on_hidden(self) -> None:
        self._sections.contrast.set_preview(False)

    def _is_hidden(self) -> bool:
        return not self._preview.visible

    def _show(self) -> None:
        layer = self._controller.layer
        if layer is None:
            return
        try:
            source = self._controller.requests.source(layer)
            config = self._controller.requests.config()
        except DinoCellError as error:
            self._sections.run.show_message(notify_error(error), level="error")
            return
        index = self._controller.requests.plane(layer, source)
        limits = self._controller.session.stack_limits
        self._preview.show(
            layer,
            lambda: _read_plane(source, index, config),
            lambda: limits.settled(source, config, self._is_hidden).contrast,
            placement_of(layer, source),
        )


def _read_plane(source: ImageSource, index: PlaneIndex, config: SegmentConfig) -> Any:
    """One plane (Y, X) as the network would get it; runs in a worker."""
    from napari_dinocell.engine.contrast.channel import plane_of

    axis = source.channel_axis_of_plane
    return plane_of(source.read(index), config, channel_axis=axis)
