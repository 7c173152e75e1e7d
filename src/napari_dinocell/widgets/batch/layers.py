"""Open image layers as images of a batch: page by page, as from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.pixel_size import pixel_size_of
from napari_dinocell.widgets.layers.placement import placement_of

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.targets import MemoryImage
    from napari_dinocell.engine.images.image_file import ImageFile

PAGE_LETTERS = {"t": "T", "time": "T", "z": "Z", "depth": "Z"}
"""Of axes with a meaning; others get the next free letter."""

FREE_LETTERS = "TZQIABDEFGH"


@dataclass(frozen=True, slots=True)
class LabelsPlace:
    """Where the labels of a layer lie in the viewer."""

    shape: tuple[int, ...]
    """(..., Y, X)."""
    placement: Mapping[str, Any]
    """As `placement_of` gives it."""


def take_layer(
    layer: Image, channel_axis: int | None
) -> tuple[MemoryImage, LabelsPlace | None]:
    """A layer as it is now; on the GUI thread.

    A layer that cannot be segmented gives an image that cannot be opened, so that it is
    listed with its reason, like a bad file.
    """
    from napari_dinocell.engine.batch.targets import MemoryImage

    try:
        source = image_source_of(layer, channel_axis=channel_axis)
    except ImageError as error:
        return MemoryImage(layer.name, _raiser(error)), None
    image = _describe(layer, source)
    place = LabelsPlace(source.shape, placement_of(layer, source))
    return MemoryImage(layer.name, lambda: image), place


def _raiser(error: ImageError) -> Callable[[], ImageFile]:
    def refuse() -> ImageFile:
        raise error

    return refuse


def _describe(layer: Image, source: ImageSource) -> ImageFile:
    from napari_dinocell.engine.batch.array_image import ArrayImage

    pages = [axis for axis in source.plane_axes if axis != source.channel_axis]
    shape = [int(source.data.shape[axis]) for axis in pages]
    channels = [] if source.channel_axis is None else [source.channel_axis]
    shape += [int(source.data.shape[axis]) for axis in channels]
    shape += source.shape[-2:]
    letters = _letters([layer.axis_labels[axis] for axis in pages])
    at = dict(zip(letters, pages, strict=True))
    return ArrayImage(
        path=Path(layer.name),
        axes=f"{letters}{'C' * len(channels)}YX{'S' * source.rgb}",
        shape=(*shape, *source.data.shape[-1:]) if source.rgb else tuple(shape),
        dtype=source.dtype,
        pixel_size=pixel_size_of(
            layer.scale, layer.units, t=at.get("T"), z=at.get("Z")
        ),
        read=lambda index: source.read(_plane(source, index)),
    )


def _plane(source: ImageSource, index: tuple[int, ...]) -> tuple[int, ...]:
    """Index along `source.plane_axes`, among which a channel axis has length 1."""
    steps: Iterator[int] = iter(index)
    return tuple(
        0 if axis == source.channel_axis else next(steps) for axis in source.plane_axes
    )


def _letters(labels: list[str]) -> str:
    """One letter per axis that counts pages."""
    letters = ""
    for label in labels:
        own = PAGE_LETTERS.get(label.casefold(), "")
        free = (letter for letter in FREE_LETTERS if letter not in letters)
        letters += own if own and own not in letters else next(free)
    return letters
