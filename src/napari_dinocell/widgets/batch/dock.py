"""The dock "DINOCell: Batch": many images to disk, all with the same settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_dinocell.session.remembered import load_remembered, save_remembered
from napari_dinocell.widgets.batch.controller import BatchController
from napari_dinocell.widgets.batch.images import BatchImages
from napari_dinocell.widgets.batch.lender import find_segment_dock
from napari_dinocell.widgets.batch.output import OutputSection
from napari_dinocell.widgets.batch.path import dropped_paths
from napari_dinocell.widgets.batch.recipe import RecipeSection
from napari_dinocell.widgets.batch.run_section import BatchRunSection
from napari_dinocell.widgets.batch.sections import BatchSections
from napari_dinocell.widgets.shared.controls import CollapsibleSection

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent

WIDTH = 300
"""Pixels; nothing in the dock asks for more."""

HEIGHT = 320
"""Pixels; the dock scrolls, and would else be squeezed by others."""

MEMORY = "batch_settings.json"

SAVE_MS = 1000
"""So long after the last change choices are written."""


class BatchDock(QWidget):
    """Segment many images, one after the other.

    Parameters
    ----------
    viewer
        Whose layers may be segmented, and where results are opened.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._docked = self._closed = self._placed = False
        self.setObjectName("dinocell_batch")
        self.setAcceptDrops(True)
        self.setMinimumSize(WIDTH, HEIGHT)
        self.sections = BatchSections(
            images=BatchImages(),
            recipe=RecipeSection(),
            output=OutputSection(),
            run=BatchRunSection(),
        )
        self._lay_out()
        self.sections.set_values(load_remembered(MEMORY))
        self.controller = BatchController(viewer, self.sections, self)
        self._save = QTimer(self)
        self._save.setSingleShot(True)
        self._save.setInterval(SAVE_MS)
        self._save.timeout.connect(self._on_save)
        sections = self.sections
        for section in (sections.images, sections.recipe, sections.output):
            section.changed.connect(self._save.start)

    def _lay_out(self) -> None:
        column = QWidget()
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        sections = self.sections
        for title, section in (
            ("Images", sections.images),
            ("Settings", sections.recipe),
            ("Results", sections.output),
        ):
            inner.addWidget(CollapsibleSection(title, section))
        inner.addWidget(sections.run, stretch=1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff  # nothing is wider than the dock
        )
        scroll.setWidget(column)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(scroll)

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
        if not self._placed:
            self._placed = True
            QTimer.singleShot(0, self._on_first_shown)  # once it has its place
        self.sections.recipe.refresh()
        self.controller.update()

    def _on_first_shown(self) -> None:
        tabify(self)

    def enterEvent(self, event: QEvent) -> None:
        """Notice a Segment dock that was opened or closed meanwhile."""
        super().enterEvent(event)
        self.controller.update()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work before the widget goes."""
        self.close_controllers()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Stop all work when the viewer lets go of the dock without closing it."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange:
            was_docked, self._docked = self._docked, self.parentWidget() is not None
            if was_docked and not self._docked:
                self.close_controllers()

    def close_controllers(self) -> None:
        """Stop workers and timers, write what is to be remembered; once."""
        if not self._closed:
            self._closed = True
            if self._save.isActive():
                self._on_save()
            self.controller.close()

    def _on_save(self) -> None:
        self._save.stop()
        save_remembered(self.sections.values(), MEMORY)


def tabify(dock: BatchDock) -> None:
    """Share the place of a Segment dock on the same side: below it there is no room."""
    segment = find_segment_dock(dock)
    own, other = _frame_of(dock), None if segment is None else _frame_of(segment)
    window = None if own is None else own.parentWidget()
    if own is None or other is None or not isinstance(window, QMainWindow):
        return
    apart = own.isFloating() or other.isFloating()
    if not apart and window.dockWidgetArea(own) == window.dockWidgetArea(other):
        window.tabifyDockWidget(other, own)
        own.raise_()


def _frame_of(widget: QWidget) -> QDockWidget | None:
    """The dock widget around a widget."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
