"""The dock "Correct": tools, locks, review, examples, training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.widgets.correct.autosave import Autosave
from napari_dinocell.widgets.correct.controller import CorrectController
from napari_dinocell.widgets.correct.examples.controller import ExamplesController
from napari_dinocell.widgets.correct.examples.section import ExamplesSection
from napari_dinocell.widgets.correct.lock_section import LockSection
from napari_dinocell.widgets.correct.recovery import Recovery
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
from napari_dinocell.widgets.layers.keys import bind_dock_keys
from napari_dinocell.widgets.layers.labels_choice import labels_choice
from napari_dinocell.widgets.shared.controls import SPACING, make_row
from napari_dinocell.widgets.shared.dock import Dock

if TYPE_CHECKING:
    import napari.viewer


class CorrectDock(Dock):
    """Correct the cells of a labels layer.

    Parameters
    ----------
    viewer
        The viewer whose labels are corrected.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__("correct")
        self.sections = CorrectSections(
            recovery=RecoverySection(),
            choice=labels_choice(viewer, "Whose cells are corrected."),
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
        self.autosave = Autosave(viewer, self)
        self.recovery = Recovery(viewer, self.autosave, self.sections.recovery, self)
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
        sections = self.sections
        self.column.addWidget(sections.recovery)
        labels = make_row("&Labels:", sections.choice)
        labels.setContentsMargins(SPACING, SPACING, SPACING, SPACING)  # as the sections
        self.column.addWidget(labels)
        for title, section in (
            ("Tools", sections.tools),
            ("Keep", sections.locks),
            ("Review", sections.review),
            ("Examples", sections.examples),
            ("Train", sections.training),
        ):
            self.add_fold(title, section)
        self.column.addStretch()
        sections.training.pin_runs_to(self.layout())

    def close_parts(self) -> None:
        """Put tools away, stop workers and timers, delete what was autosaved."""
        for part in (
            self.training,
            self.examples,
            self.review,
            self.autosave,
            self.controller,
        ):
            part.close()
