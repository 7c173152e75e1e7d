"""The dock "DINOCell: Correct": tools, locks, review, examples, training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_dinocell.widgets.correct.autosave import Autosave
from napari_dinocell.widgets.correct.choice import CorrectChoice
from napari_dinocell.widgets.correct.controller import CorrectController
from napari_dinocell.widgets.correct.examples.controller import ExamplesController
from napari_dinocell.widgets.correct.examples.section import ExamplesSection
from napari_dinocell.widgets.correct.keys import bind_dock_keys
from napari_dinocell.widgets.correct.lock_section import LockSection
from napari_dinocell.widgets.correct.recovery_section import RecoverySection
from napari_dinocell.widgets.correct.review import ReviewController
from napari_dinocell.widgets.correct.review_section import ReviewSection
from napari_dinocell.widgets.correct.sections import CorrectSections
from napari_dinocell.widgets.correct.tool_section import ToolSection
from napari_dinocell.widgets.correct.tools import (
    ACCEPT_KEY,
    EXAMPLE_KEY,
    NEXT_KEY,
    PREVIOUS_KEY,
)
from napari_dinocell.widgets.correct.training.controller import TrainingController
from napari_dinocell.widgets.correct.training.section import TrainingSection
from napari_dinocell.widgets.shared.controls import CollapsibleSection
from napari_dinocell.widgets.shared.dock_tabs import TabMate

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QCloseEvent

WIDTH = 300
"""Pixels; nothing in the dock asks for more."""


class CorrectDock(QWidget):
    """Correct the cells of a labels layer.

    Parameters
    ----------
    viewer
        The viewer whose labels are corrected.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._docked = self._closed = False
        self._tabs = TabMate(self)
        self.setObjectName("dinocell_correct")
        self.setMinimumWidth(WIDTH)
        self.sections = CorrectSections(
            recovery=RecoverySection(),
            choice=CorrectChoice(viewer),
            tools=ToolSection(),
            locks=LockSection(),
            review=ReviewSection(),
            examples=ExamplesSection(),
            training=TrainingSection(),
        )
        self._lay_out()
        self.controller = CorrectController(viewer, self.sections, self)
        self.review = ReviewController(
            viewer, self.controller, self.sections.review, self
        )
        self.autosave = Autosave(viewer, self.controller, self.sections.recovery, self)
        self.examples = ExamplesController(
            viewer, self.controller, self.sections.examples, self
        )
        self.training = TrainingController(
            viewer, self.examples, self.sections.training, self
        )
        self.controller.more_keys = {
            NEXT_KEY: self.review.go_next,
            PREVIOUS_KEY: self.review.go_previous,
            ACCEPT_KEY: self.review.accept,
            EXAMPLE_KEY: self.examples.accept,
        }
        bind_dock_keys(self, self.controller.toggle_calls() | self.controller.more_keys)
        self.controller.attend()

    def _lay_out(self) -> None:
        sections, column = self.sections, QWidget()
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(sections.recovery)
        for title, section in (
            ("Labels", sections.choice),
            ("Tools", sections.tools),
            ("Keep", sections.locks),
            ("Review", sections.review),
            ("Examples", sections.examples),
            ("Train", sections.training),
        ):
            inner.addWidget(CollapsibleSection(title, section))
        inner.addStretch()
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

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work before the widget goes."""
        self.close_controllers()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Stop all work when the viewer lets go of the dock without closing it."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange:
            was_docked, self._docked = self._docked, self.parentWidget() is not None
            if self._docked:
                self._tabs.docked()
            if was_docked and not self._docked:
                self.close_controllers()

    def close_controllers(self) -> None:
        """Put tools away, stop workers and timers, delete what was autosaved; once."""
        if not self._closed:
            self._closed = True
            for part in (
                self._tabs,
                self.training,
                self.examples,
                self.review,
                self.autosave,
                self.controller,
            ):
                part.close()
