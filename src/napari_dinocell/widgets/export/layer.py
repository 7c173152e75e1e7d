"""Labels layers as labels to export: their pages, axes, pixel size and record.

Knows how napari keeps and describes the data of layers; knows no Qt and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.labels.label_stack import USUAL_AXES
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.layers.pixel_size import pixel_size_of

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer
    from numpy.typing import NDArray

    from napari_dinocell.engine.images.pixel_size import PixelSize

ReadPlane: TypeAlias = Callable[[tuple[int, ...]], Any]

LETTERS = {
    "t": "T", "time": "T", "frame": "T", "frames": "T",
    "z": "Z", "depth": "Z", "slice": "Z", "slices": "Z",
}  # fmt: skip
"""Of axes, by their labels in small letters."""


class LayerPages:
    """Planes of a layer by their index along the axes that are longer than 1.

    Axes of length 1 are left out: a plane that napari shows in a stack, as of an image
    with channels, is a plane for other programs.
    """

    def __init__(self, shape: tuple[int, ...], read: ReadPlane) -> None:
        leading = shape[:-2]
        self.axes = tuple(axis for axis, count in enumerate(leading) if count != 1)
        """Axes of the layer that are left before Y and X."""
        self.shape = (*(shape[axis] for axis in self.axes), *shape[-2:])
        self._ndim = len(leading)
        self._read = read

    def __getitem__(self, index: tuple[int, ...]) -> NDArray[Any]:
        """One plane (Y, X); only that is loaded or computed."""
        full = [0] * self._ndim
        for axis, at in zip(self.axes, index, strict=True):
            full[axis] = at
        return np.asarray(self._read(tuple(full)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerLabels:
    """What a labels layer holds, for `export_labels`."""

    labels: LayerPages
    axes: str
    """Letter of each axis before Y and X."""
    pixel_size: PixelSize | None
    """In micrometres, or without a unit; None for a layer that is not scaled."""
    record: Mapping[str, Any] | None
    """How the Segment dock made them; None for other labels."""


def take_labels(data: Any, meta: Mapping[str, Any]) -> LayerLabels:
    """Labels of a layer as `as_layer_data_tuple` gives it; nothing is read yet.

    Parameters
    ----------
    data
        (..., Y, X), in memory or lazy; of a multiscale layer all levels, of which the
        first is taken.
    meta
        Of the entries, scale, units, axis_labels and metadata are used where they are.
    """
    multiscale = meta.get("multiscale") or isinstance(data, list | tuple)
    data = data[0] if multiscale else data
    shape = tuple(int(length) for length in data.shape)
    pages = LayerPages(shape, lambda index: data[index])
    axes = _letters(pages, meta.get("axis_labels") or ())
    at = dict(zip(axes, pages.axes, strict=True))
    return LayerLabels(
        labels=pages,
        axes=axes,
        pixel_size=pixel_size_of(
            meta.get("scale"), meta.get("units"), t=at.get("T"), z=at.get("Z")
        ),
        record=_record(meta.get("metadata") or {}),
    )


def take_channels(image: Image, labels: Labels) -> dict[str, LayerPages]:
    """Channels of an image that lies exactly over labels, by name; else empty."""
    from napari_dinocell.widgets.layers.labels_source import channels_of, labels_source

    shape = labels_source(labels).shape
    found = channels_of(image, labels)
    return {name: LayerPages(shape, read) for name, read in found.items()}


def take_distance(labels: Labels, layers: Iterable[Layer]) -> LayerPages | None:
    """The distance maps that belong to labels, if they are among the layers."""
    from napari_dinocell.widgets.layers.labels_source import distance_of, labels_source

    read = distance_of(labels, layers)
    return None if read is None else LayerPages(labels_source(labels).shape, read)


def _letters(pages: LayerPages, names: tuple[str, ...]) -> str:
    """As the labels of the axes say, or as usual where one of them says nothing."""
    count = len(pages.axes)
    known = [LETTERS.get(names[axis].casefold(), "") for axis in pages.axes if names]
    if all(known) and len(set(known)) == count:
        return "".join(known)
    return USUAL_AXES[count] if count < len(USUAL_AXES) else "?" * count


def _record(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    marks = metadata.get("dinocell")
    try:
        return RunRecord.from_metadata(marks).to_metadata() if marks else None
    except SettingsError:
        return None
