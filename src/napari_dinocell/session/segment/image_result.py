"""All that belongs together in the segmentation of one image layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.segment.stack_result import StackResult


@dataclass(slots=True, eq=False, kw_only=True)
class ImageResult:
    """Where pixels come from, and what was found in them."""

    source: ImageSource
    stack: StackResult
    seconds: float | None = None
    """That the last run took which finished a plane, loading of the model included."""

    @property
    def model(self) -> ModelRecord | None:
        """Of the last run that finished a plane."""
        return self.stack.model
