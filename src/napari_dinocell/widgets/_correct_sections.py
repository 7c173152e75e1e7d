"""The sections of the Correct dock, by name; they only show and choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.widgets._correct_choice import CorrectChoice
    from napari_dinocell.widgets._correct_examples_section import ExamplesSection
    from napari_dinocell.widgets._correct_lock_section import LockSection
    from napari_dinocell.widgets._correct_recovery_section import RecoverySection
    from napari_dinocell.widgets._correct_review_section import ReviewSection
    from napari_dinocell.widgets._correct_tool_section import ToolSection
    from napari_dinocell.widgets._correct_training_section import TrainingSection


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectSections:
    """What the dock is made of, from top to bottom."""

    recovery: RecoverySection
    choice: CorrectChoice
    tools: ToolSection
    locks: LockSection
    review: ReviewSection
    examples: ExamplesSection
    training: TrainingSection
