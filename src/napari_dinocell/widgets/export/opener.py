"""Opens the export dialog for the result that the Segment dock attends to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections


class ExportOpener(QObject):
    """Answers the run section's Export button."""

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
        self._run = sections.run
        sections.run.export_requested.connect(self.open)

    def open(self) -> None:
        """Ask how the labels of the chosen image are to be exported."""
        from napari_dinocell.widgets.export.command import show_export_dialog

        result = self._controller.result
        labels = None if result is None else result.layers.labels
        show_export_dialog(self._viewer, labels, self._run.window())
