"""What is said of a result that was made in blocks: cells, and whether it is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.widgets.layers.image_source import still_shown
from napari_dinocell.widgets.layers.large_labels import find_large_labels
from napari_dinocell.widgets.segment.result_status import changed_settings
from napari_dinocell.widgets.segment.run_section import CellCount

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_dinocell.session.large.events import LargeDone
    from napari_dinocell.session.large.result import LargeResult
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections

MAP_IS_KEPT = "The network is not run again."


class LargeStatus(QObject):
    """Speaks where `ResultStatus`, which is asked first, has nothing to say."""

    def __init__(
        self,
        viewer: Viewer,
        controller: SegmentController,
        sections: Sections,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._controller = controller
        self._sections = sections
        controller.attended.connect(self.update)
        sections.thresholds.changed.connect(self.update)
        finish = sections.thresholds.finish
        finish.expand_changed.connect(self.update)
        finish.consecutive_changed.connect(self.update)

    @property
    def labels(self) -> Labels | None:
        """The labels of the chosen image, if they were made in blocks."""
        layer = self._controller.layer
        return None if layer is None else find_large_labels(self._viewer, layer)

    def update(self) -> None:
        """Look again at everything."""
        controller, run = self._controller, self._sections.run
        result = controller.large.result(controller.layer)
        done = None if result is None else self._of_shown_plane(result)
        if result is None or done is None or controller.large.busy:
            return
        run.export.setEnabled(self.labels is not None)
        run.show_result(CellCount(done.cells), done.seconds, result.device)
        run.show_stale(*self._why_stale(result))

    def _of_shown_plane(self, result: LargeResult) -> LargeDone | None:
        """What is known of the shown plane; None where its cells are in memory."""
        layer, whole = self._controller.layer, self._controller.result
        assert layer is not None  # of which there is a result
        source = result.job.request.source
        plane = self._controller.requests.plane(layer, source)
        if whole is not None and whole.stack.record(plane) is not None:
            return None
        return result.done.get(plane)

    def _why_stale(self, result: LargeResult) -> tuple[str, str]:
        """Why it is not what Segment would give, and what Segment does then."""
        layer, request = self._controller.layer, result.job.request
        if layer is None or not still_shown(request.source, layer):
            return "the image's data changed", ""
        if request.model != self._sections.model.model():
            return "another model is chosen", ""
        try:
            wanted = self._controller.requests.config()
            thresholds = self._controller.requests.thresholds()
        except DinoCellError as error:
            return str(error), ""
        made = request.config
        reason = changed_settings(wanted, made)
        if reason:
            return reason, ""
        shown = made.watershed, made.expand, made.consecutive_ids
        if shown != (thresholds, wanted.expand, wanted.consecutive_ids):
            return "thresholds changed", MAP_IS_KEPT
        return "", ""
