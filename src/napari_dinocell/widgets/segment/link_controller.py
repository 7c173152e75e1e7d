"""Labels follow the choice whether cells have one id in all frames, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from napari_dinocell.widgets.layers.image_result import ImageResult
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections


class LinkController(QObject):
    """Links or unlinks the planes of the chosen image's result."""

    def __init__(
        self,
        controller: SegmentController,
        sections: Sections,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._sections = sections
        sections.image.link_changed.connect(self._on_link_changed)

    def _on_link_changed(self) -> None:
        result = self._result()
        if result is not None:
            result.stack.links.wanted = self._sections.image.values()["link"]
            self._controller.live.relink()

    def _result(self) -> ImageResult | None:
        """That of a run under way, whose end brings the planes in step."""
        run = self._controller.runner.run
        if run is not None and run.layer == self._controller.layer:
            return run.result
        return self._controller.result
