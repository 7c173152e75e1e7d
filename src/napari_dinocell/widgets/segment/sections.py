"""The sections of the Segment dock, by name; they only show and edit values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_dinocell.widgets.segment.contrast_section import ContrastSection
    from napari_dinocell.widgets.segment.image_section import ImageSection
    from napari_dinocell.widgets.segment.model_section import ModelSection
    from napari_dinocell.widgets.segment.run_section import RunSection
    from napari_dinocell.widgets.segment.size_section import SizeSection
    from napari_dinocell.widgets.segment.threshold_section import ThresholdSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """What the dock is made of, from top to bottom."""

    model: ModelSection
    image: ImageSection
    size: SizeSection
    contrast: ContrastSection
    thresholds: ThresholdSection
    run: RunSection

    def values(self) -> dict[str, Any]:
        """All settings of all sections, by name."""
        parts = [getattr(self, part.name) for part in fields(self)]
        return {
            name: value
            for part in parts
            if hasattr(part, "values")
            for name, value in part.values().items()
        }

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Hand settings to the sections that they belong to; nothing is emitted."""
        for part in fields(self):
            section = getattr(self, part.name)
            if hasattr(section, "set_values"):
                section.set_values(values)
