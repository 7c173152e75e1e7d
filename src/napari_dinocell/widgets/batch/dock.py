"""The dock "Batch": many images to disk, all with the same settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.session.remembered import load_remembered, save_remembered
from napari_dinocell.widgets.batch.controller import BatchController
from napari_dinocell.widgets.batch.images import BatchImages
from napari_dinocell.widgets.batch.output import OutputSection
from napari_dinocell.widgets.batch.path import dropped_paths
from napari_dinocell.widgets.batch.recipe import RecipeSection
from napari_dinocell.widgets.batch.run_section import BatchRunSection
from napari_dinocell.widgets.batch.sections import BatchSections
from napari_dinocell.widgets.shared.dock import Dock
from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QDragEnterEvent, QDropEvent, QShowEvent

MEMORY = "batch_settings.json"

SAVE_MS = 1000
"""So long after the last change choices are written."""


class BatchDock(Dock):
    """Segment many images, one after the other.

    Parameters
    ----------
    viewer
        Whose layers may be segmented, and where results are opened.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__("batch")
        self.setAcceptDrops(True)
        self.sections = BatchSections(
            images=BatchImages(),
            recipe=RecipeSection(),
            output=OutputSection(),
            run=BatchRunSection(),
        )
        self._lay_out()
        choices = self.sections.choices().updated(load_remembered(MEMORY))
        self.sections.set_choices(choices)
        self.controller = BatchController(viewer, self.sections, self)
        self._save = Later(SAVE_MS, self._on_save, self)
        sections = self.sections
        for section in (sections.images, sections.recipe, sections.output):
            section.changed.connect(self._save.start)

    def _lay_out(self) -> None:
        sections = self.sections
        for title, section in (
            ("Images", sections.images),
            ("Settings", sections.recipe),
            ("Results", sections.output),
        ):
            self.add_fold(title, section)
        self.column.addStretch()
        self.layout().addWidget(sections.run)  # in view, however far one scrolls

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files and folders, wherever on the dock they are dropped."""
        if dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take a folder of images, or files."""
        self.sections.images.take(dropped_paths(event))
        event.acceptProposedAction()

    def showEvent(self, event: QShowEvent) -> None:
        """List presets that were saved meanwhile."""
        super().showEvent(event)
        self.sections.recipe.refresh()
        self.controller.update()

    def close_parts(self) -> None:
        """Stop workers and timers, write what is to be remembered."""
        self._save.finish()
        self.controller.close()

    def _on_save(self) -> None:
        save_remembered(self.sections.choices().to_values(), MEMORY)
