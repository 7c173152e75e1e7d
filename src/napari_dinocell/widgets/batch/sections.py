"""The sections of the Batch dock, by name; they only show and edit values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

    def values(self) -> dict[str, Any]:
        """All choices of all sections, by name."""
        return self.images.values() | self.recipe.values() | self.output.values()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Hand choices to the sections that they belong to; nothing is emitted."""
        for section in (self.images, self.recipe, self.output):
            section.set_values(values)
