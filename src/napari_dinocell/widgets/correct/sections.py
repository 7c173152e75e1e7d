"""The sections of the Correct dock, by name; they only show and choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_dinocell.widgets.correct.examples.section import ExamplesSection
    from napari_dinocell.widgets.correct.lock_section import LockSection
    from napari_dinocell.widgets.correct.recovery_section import RecoverySection
    from napari_dinocell.widgets.correct.review_section import ReviewSection
    from napari_dinocell.widgets.correct.tool_section import ToolSection
    from napari_dinocell.widgets.correct.training.section import TrainingSection
    from napari_dinocell.widgets.shared.layer_choice import LayerChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectSections:
    """What the dock is made of, from top to bottom."""

    recovery: RecoverySection
    choice: LayerChoice[Labels]
    tools: ToolSection
    locks: LockSection
    review: ReviewSection
    examples: ExamplesSection
    training: TrainingSection
