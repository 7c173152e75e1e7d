"""A list of a viewer's labels, some of which are there to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels

from napari_dinocell.sample import REFERENCE
from napari_dinocell.widgets.shared.controls import describe
from napari_dinocell.widgets.shared.layer_choice import LayerChoice

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer


def is_reference(layer: Layer) -> bool:
    """Whether labels are a sample's ground truth, or compared models'."""
    return bool(layer.metadata.get(REFERENCE))


def labels_choice(viewer: Viewer, tip: str) -> LayerChoice[Labels]:
    """Choice of a labels layer; those to compare with only from the list."""
    choice: LayerChoice[Labels] = LayerChoice(
        viewer,
        lambda layer: isinstance(layer, Labels),
        "No labels",
        is_offered=lambda layer: not is_reference(layer),
    )
    describe(choice, "Labels", tip)
    return choice
