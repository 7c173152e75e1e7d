"""What is measured: planes of a labels layer, and of the images over it.

Knows how napari keeps and places the data of layers; knows no Qt, and measures
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from napari_dinocell.session.image_source import ImageSource, ReadPlane
from napari_dinocell.session.regions import PlaneIndex
from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.placement import data_to_world
from napari_dinocell.widgets.layers.result_layers import KEY, is_result, maps_behind

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

MOST_CHANNELS = 16
"""A longer axis that the labels lack is time or depth, not channels."""

_COLOURS = ("red", "green", "blue")
_PIXELS = ("px", "pixel", "")


def labels_source(layer: Labels) -> ImageSource:
    """The planes of a labels layer, at full resolution."""
    data = layer.data[0] if layer.multiscale else layer.data
    shape = tuple(int(length) for length in data.shape)
    return ImageSource(
        data=data,
        shape=shape,
        plane_axes=tuple(range(len(shape) - 2)),
        channel_axis=None,
        rgb=False,
        dtype=np.dtype(data.dtype),
    )


def spacing_of(layer: Layer) -> tuple[tuple[float, float] | None, str]:
    """Length of a pixel down and across, and its unit; None for a layer in pixels."""
    unit, other = _units(layer)
    if unit in _PIXELS or unit != other:
        return None, "px"
    down, across = (abs(float(scale)) for scale in layer.scale[-2:])
    return (down, across), unit


def channels_of(image: Image, labels: Labels) -> dict[str, ReadPlane]:
    """The channels of an image that lies exactly over labels, by name.

    Parameters
    ----------
    image
        With the planes of the labels; or one plane for all of them; or with a further
        axis of channels, in front of the others or where the labels have length 1; or
        RGB.
    labels
        Of any number of dimensions from 2.

    Returns
    -------
    Empty if the image lies elsewhere or has other planes.
    """
    data, size = _full_resolution(image)
    arrangement = _arrangement_over(image, labels)
    if arrangement is None:
        return {}
    if image.rgb:
        return {
            f"{image.name} {colour}": _Planes(data, arrangement, 0, number)
            for number, colour in enumerate(_COLOURS)
        }
    if arrangement.channel_axis is None:
        return {image.name: _Planes(data, arrangement, 0, None)}
    return {
        f"{image.name} {number}": _Planes(data, arrangement, number, None)
        for number in range(size[arrangement.channel_axis])
    }


def labels_over(layers: Iterable[Layer], labels: Labels) -> list[Labels]:
    """Other labels with the same planes, exactly over these, in the order given."""
    shape = labels_source(labels).shape
    others = (a for a in layers if isinstance(a, Labels) and a != labels)
    return [
        other
        for other in others
        if labels_source(other).shape == shape and _lies_over(other, labels)
    ]


def source_over(image: Image, labels: Labels) -> ImageSource | None:
    """Planes, with all channels, of an image that lies exactly over labels.

    Parameters
    ----------
    image, labels
        As for `channels_of`.

    Returns
    -------
    Its last plane axes are those of the labels. None if the image lies elsewhere, has
    other planes, or is a mask.
    """
    arrangement = _arrangement_over(image, labels)
    if arrangement is None or np.dtype(image.dtype).kind == "b":
        return None
    return image_source_of(image, channel_axis=arrangement.channel_axis)


def distance_of(labels: Labels, layers: Iterable[Layer]) -> ReadPlane | None:
    """The distance maps that belong to labels of this plugin, if they are there."""
    marks = labels.metadata.get(KEY)
    if not is_result(labels) or not marks:
        return None
    shape, maps = labels_source(labels).shape, maps_behind(labels)
    if maps is not None and maps.shape == shape:
        return _Planes(maps, _Arrangement(tuple(range(len(shape) - 2))))
    for layer in layers:
        if isinstance(layer, Image) and is_result(layer):
            own = layer.metadata[KEY]
            belongs = own.get("source_id") == marks.get("source_id")
            if belongs and own["kind"] == "distance" and layer.data.shape == shape:
                return _Planes(layer.data, _Arrangement(tuple(range(len(shape) - 2))))
    return None


@dataclass(frozen=True, slots=True)
class _Arrangement:
    """Where an image has the axes that the labels have before Y and X."""

    steps: tuple[int | None, ...]
    """Axis of the labels that each leading axis of the image follows; None if none."""
    channel_axis: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Planes:
    """Reads planes of a layer's data; only what is read is loaded or computed."""

    data: Any
    arrangement: _Arrangement
    channel: int = 0
    colour: int | None = None

    def __call__(self, index: PlaneIndex) -> NDArray[Any]:
        steps = self.arrangement.steps
        selection = tuple(self.channel if s is None else index[s] for s in steps)
        if self.colour is None:
            return np.asarray(self.data[selection])
        return np.asarray(
            self.data[(*selection, slice(None), slice(None), self.colour)]
        )


def _arrange(image: tuple[int, ...], labels: tuple[int, ...]) -> _Arrangement | None:
    """How leading axes of an image follow those of labels; None if they do not."""
    along = tuple(range(len(labels)))
    if image == labels:
        return _Arrangement(along)
    if not image:
        return _Arrangement(())
    if image[1:] == labels and image[0] <= MOST_CHANNELS:
        return _Arrangement((None, *along), channel_axis=0)
    if len(image) != len(labels):
        return None
    pairs = zip(image, labels, strict=True)
    other = [axis for axis, (i, n) in enumerate(pairs) if i != n]
    if len(other) != 1 or labels[other[0]] != 1 or image[other[0]] > MOST_CHANNELS:
        return None
    steps = tuple(None if axis == other[0] else axis for axis in along)
    return _Arrangement(steps, channel_axis=other[0])


def _arrangement_over(image: Image, labels: Labels) -> _Arrangement | None:
    """How an image follows labels that it lies exactly over; None if it does not."""
    _, size = _full_resolution(image)
    shape = labels_source(labels).shape
    if size[-2:] != shape[-2:] or 0 in size or not _lies_over(image, labels):
        return None
    if np.dtype(image.dtype).kind not in "uifb":
        return None
    return _arrange(size[:-2], shape[:-2])


def _full_resolution(image: Image) -> tuple[Any, tuple[int, ...]]:
    """Data of an image, and its size without the axis of RGB."""
    data = image.data[0] if image.multiscale else image.data
    return data, tuple(int(length) for length in data.shape[: image.ndim])


def _lies_over(image: Layer, labels: Labels) -> bool:
    """Whether rows and columns of both are at the same places of the world."""
    corner = np.ix_((-3, -2, -1), (-3, -2, -1))
    first, second = data_to_world(image)[corner], data_to_world(labels)[corner]
    same_units = _units(image) == _units(labels)
    return same_units and np.allclose(first, second, rtol=1e-6, atol=1e-9)


def _units(layer: Layer) -> list[str]:
    """Of rows and of columns."""
    units = ("px", "px") if layer.units is None else layer.units[-2:]
    return [f"{unit:~P}" if not isinstance(unit, str) else unit for unit in units]
