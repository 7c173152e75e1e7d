"""The dock "Segment": sections in a column, wired to their controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.widgets.segment.contours import ContourController
from napari_dinocell.widgets.segment.contrast_section import ContrastSection
from napari_dinocell.widgets.segment.controller import SegmentController
from napari_dinocell.widgets.segment.dock_memory import DockMemory
from napari_dinocell.widgets.segment.image_section import ImageSection
from napari_dinocell.widgets.segment.into_image_row import IntoImageRow
from napari_dinocell.widgets.segment.large_status import LargeStatus
from napari_dinocell.widgets.segment.map_layer import MapLayer
from napari_dinocell.widgets.segment.model_section import ModelSection
from napari_dinocell.widgets.segment.preview_controller import PreviewController
from napari_dinocell.widgets.segment.result_status import ResultStatus
from napari_dinocell.widgets.segment.run_section import RunSection
from napari_dinocell.widgets.segment.sections import Sections
from napari_dinocell.widgets.segment.size_controller import SizeController
from napari_dinocell.widgets.segment.size_section import SizeSection
from napari_dinocell.widgets.segment.threshold_section import ThresholdSection
from napari_dinocell.widgets.shared.commands import run_command
from napari_dinocell.widgets.shared.dock import Dock

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QDragEnterEvent, QDropEvent


class SegmentDock(Dock):
    """Segment cells of an image layer, and tune the result live.

    Parameters
    ----------
    viewer
        The viewer whose layers are segmented.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__("segment")
        self._viewer = viewer
        self.setAcceptDrops(True)
        self.sections = Sections(
            model=ModelSection(),
            image=ImageSection(viewer),
            size=SizeSection(),
            contrast=ContrastSection(),
            thresholds=ThresholdSection(),
            run=RunSection(),
        )
        self._lay_out()
        self.controller = SegmentController(viewer, self.sections, self)
        self.memory = DockMemory(self.controller, self.sections, self)
        finish = self.sections.thresholds.finish
        self.contours = ContourController(viewer, finish, self)
        self.status = ResultStatus(self.controller, self.sections, self)
        self.large_status = LargeStatus(viewer, self.controller, self.sections, self)
        self.into_image = IntoImageRow(self.controller, self.sections.run, self)
        self.map_layer = MapLayer(
            viewer, self.controller, self.sections.thresholds, self
        )
        self.size_tools = SizeController(viewer, self.controller, self.sections, self)
        self.preview = PreviewController(viewer, self.controller, self.sections, self)
        self.sections.run.export.clicked.connect(self.open_export)
        self.sections.image.lineage_wanted.connect(self.open_lineage)
        self.sections.model.changed.connect(self._show_model_name)
        self.controller.runner.counted.connect(self._make_room)
        self.controller.attended.connect(self._show_volume_rows)
        self._show_model_name()
        self.controller.begin()

    def open_export(self) -> None:
        """Ask how the labels of the chosen image are to be exported."""
        layers, labels = self.controller.layers, self.large_status.labels
        if labels is None and layers is not None:
            labels = layers.labels
        run_command("show_export_dialog", self._viewer, labels, self.window())

    def open_lineage(self) -> None:
        """Open the Lineage dock, at the labels of the chosen image."""
        layers = self.controller.layers
        if layers is not None and layers.labels is not None:
            self._viewer.layers.selection.active = layers.labels
        run_command("open_lineage_dock", self._viewer)

    def _show_model_name(self) -> None:
        self.folds["Model"].set_summary(self.sections.model.name())

    def _show_volume_rows(self) -> None:
        """Show what only volumes have, where a volume is wanted."""
        is_volume = self.sections.image.region() == "volume"
        self.sections.thresholds.volume.setVisible(is_volume)

    def _make_room(self) -> None:
        """There are labels to tune: the model was chosen, and it works."""
        self.fold_unless_touched("Model")

    def _lay_out(self) -> None:
        sections = self.sections
        for title, section, is_open in (
            ("Model", sections.model, True),
            ("Image", sections.image, True),
            ("Cell size", sections.size, True),
            ("Contrast", sections.contrast, False),
            ("Thresholds", sections.thresholds, True),
        ):
            self.add_fold(title, section, is_open=is_open)
        self.column.addStretch()
        self.layout().addWidget(sections.run)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept checkpoint files, wherever on the dock they are dropped."""
        if self.sections.model.accepts_drop(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Choose the dropped checkpoint."""
        self.sections.model.take_drop(event.mimeData())
        event.acceptProposedAction()

    def close_parts(self) -> None:
        """Stop workers and timers, write what is to be remembered."""
        for part in (
            self.memory,
            self.map_layer,
            self.into_image,
            self.contours,
            self.size_tools,
            self.preview,
            self.controller,
        ):
            part.close()
