"""Which layers are images of the user's, and along which axis their channels lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image

from napari_dinocell.widgets.layers.result_layers import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Layer

_CHANNEL_LABELS = ("c", "ch", "channel", "channels")
"""Of axes, in small letters."""


def is_image(layer: Layer) -> bool:
    """Whether this is an image that the plugin has not made itself."""
    return isinstance(layer, Image) and not layer.metadata.get(KEY)


def images_among(layers: Iterable[Layer]) -> list[Image]:
    """Images that the plugin has not made itself, in the order given."""
    return [layer for layer in layers if is_image(layer)]


def channel_axis_of(layer: Image) -> int | None:
    """Axis before Y and X whose label says that it holds channels."""
    labels = () if layer.rgb else layer.axis_labels[:-2]
    named = [label.casefold() in _CHANNEL_LABELS for label in labels]
    return named.index(True) if any(named) else None
