"""What is said of a result that was made in blocks: cells, and whether it is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.widgets.layers.image_source import still_shown
from napari_dinocell.widgets.layers.large_labels import find_large_labels, note_record
from napari_dinocell.widgets.segment.result_status import changed_settings
from napari_dinocell.widgets.segment.run_section import CellCount

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_dinocell.session.large.result import LargeResult
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections

MAP_IS_KEPT = "The network is not run again."


class LargeStatus(QObject):
    """Speaks after `ResultStatus`, where the newest labels were made in blocks."""

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
        controller.live.counted.connect(self.update)
        sections.thresholds.changed.connect(self.update)
        finish = sections.thresholds.finish
        finish.expand_changed.connect(self.update)
        finish.consecutive_changed.connect(self.update)

    @property
    def labels(self) -> Labels | None:
        """The labels of the shown plane, if they were made in blocks and are newest."""
        layer = self._controller.layer
        if layer is None or self._controller.large.done(layer) is None:
            return None
        return find_large_labels(self._viewer, layer)

    def update(self) -> None:
        """Look again at everything."""
        controller, run = self._controller, self._sections.run
        result = controller.large.result(controller.layer)
        done = controller.large.done(controller.layer)
        if result is None or done is None or controller.large.busy:
            return
        labels, record = self.labels, done.record
        run.export.setEnabled(labels is not None)
        run.show_empty("")
        run.show_result(CellCount(record.cells), record.seconds, record.device)
        run.show_stale(*self._why_stale(result))
        if labels is not None:
            note_record(labels, record.to_metadata())

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
