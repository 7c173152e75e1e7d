"""The sections of the Batch dock, by name; they only show and edit choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.session.batch.choices import BatchChoices

if TYPE_CHECKING:
    from napari_dinocell.widgets.batch.images import BatchImages
    from napari_dinocell.widgets.batch.output import OutputSection
    from napari_dinocell.widgets.batch.recipe import RecipeSection
    from napari_dinocell.widgets.batch.run_section import BatchRunSection


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSections:
    """What the dock is made of, from top to bottom."""

    images: BatchImages
    recipe: RecipeSection
    output: OutputSection
    run: BatchRunSection

    def choices(self) -> BatchChoices:
        """What all sections show."""
        return BatchChoices(
            images=self.images.choice(),
            recipe=self.recipe.choice(),
            output=self.output.choice(),
        )

    def set_choices(self, choices: BatchChoices) -> None:
        """Hand choices to the sections that they belong to; nothing is emitted."""
        self.images.set_choice(choices.images)
        self.recipe.set_choice(choices.recipe)
        self.output.set_choice(choices.output)
