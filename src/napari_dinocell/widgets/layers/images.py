"""Which layers are images of the user's, and along which axis their channels lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

from napari_dinocell.sample import REFERENCE
from napari_dinocell.widgets.layers.result_layers import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Layer

_CHANNEL_LABELS = ("c", "ch", "channel", "channels")
"""Of axes, in small letters."""


def is_image(layer: Layer) -> bool:
    """Whether this is an image that the plugin has not put there itself."""
    known = layer.metadata
    return isinstance(layer, Image) and not (known.get(KEY) or known.get(REFERENCE))


def images_among(layers: Iterable[Layer]) -> list[Image]:
    """Images that the plugin has not made itself, in the order given."""
    return [layer for layer in layers if is_image(layer)]


def shape_of(layer: Image) -> tuple[int, ...]:
    """Of the layer's data, the finest level if there are several."""
    return tuple(int(length) for length in layer.data.shape)


def is_named(label: str) -> bool:
    """Whether an axis has a name, and not only napari's number: -3, -2, ..."""
    return bool(label.strip("- 0123456789"))


def channel_axis_of(layer: Image) -> int | None:
    """Axis before Y and X whose label says that it holds channels."""
    labels = () if layer.rgb else layer.axis_labels[:-2]
    named = [label.casefold() in _CHANNEL_LABELS for label in labels]
    return named.index(True) if any(named) else None


def move_last_axis_first(layer: Image) -> None:
    """Have an image of three axes, the last one of channels, shown channel by channel.

    Its array is the same, seen in another order; rows and columns keep their scale.
    """
    scale, translate = np.roll(layer.scale, 1), np.roll(layer.translate, 1)
    units = layer.units
    layer.data = np.moveaxis(layer.data, -1, 0)
    layer.scale, layer.translate = scale, translate
    layer.units = (units[-1], *units[:-1])
