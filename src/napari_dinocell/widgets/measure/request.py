"""From layers to what is to be measured, on the GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.measure.stack import page_columns
from napari_dinocell.session.measure.job import MeasureRequest
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.layers.labels_source import (
    channels_of,
    distance_of,
    labels_source,
    spacing_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Image, Labels, Layer

    from napari_dinocell.session.image_source import ReadPlane
    from napari_dinocell.session.regions import PlaneIndex


def make_request(
    layer: Labels,
    *,
    images: Iterable[Image],
    layers: Iterable[Layer],
    plane: PlaneIndex | None,
    nuclei: Labels | None = None,
) -> MeasureRequest:
    """Look at layers; their pixels are read later, in a worker.

    Parameters
    ----------
    layer
        Whose cells are measured.
    images
        In which intensities are measured; those that do not lie over the labels are
        left out.
    layers
        All of the viewer: the distance maps of the labels may be among them.
    plane
        The one to measure; None for all.
    nuclei
        Exactly over the labels; None where only cells are measured.
    """
    source = labels_source(layer)
    spacing, unit = spacing_of(layer)
    return MeasureRequest(
        labels=source,
        axes=tuple(layer.axis_labels[:-2]),
        planes=tuple(source.planes()) if plane is None else (plane,),
        channels=_numbered_where_alike(images, layer),
        distance=distance_of(layer, layers),
        spacing=spacing,
        unit=unit,
        is_volume=plane is None and _is_volume(layer),
        depth=_depth(layer, unit),
        nuclei=None if nuclei is None else labels_source(nuclei),
    )


def _is_volume(layer: Labels) -> bool:
    """Whether an id is one cell in all slices, as far as the layer tells."""
    if layer.ndim < 3:
        return False
    try:
        settings = RunRecord.from_metadata(layer.metadata["dinocell"]).settings
    except (KeyError, TypeError, SettingsError):  # labels of others
        return page_columns(layer.axis_labels[-3:-2]) == ("slice",)
    return settings.stack.volume


def _depth(layer: Labels, unit: str) -> float | None:
    """From one slice to the next in the unit of the plane, where it is the same."""
    if layer.ndim < 3 or unit == "px":
        return None
    own, plane = layer.units[-3:-1]
    if not own.is_compatible_with(plane):
        return None
    factor = (1.0 * own).to(plane).magnitude
    return abs(float(layer.scale[-3])) * float(factor)


def _numbered_where_alike(
    images: Iterable[Image], layer: Labels
) -> dict[str, ReadPlane]:
    """All channels by names of their own, also where layers are called alike."""
    channels: dict[str, ReadPlane] = {}
    for image in images:
        for name, read in channels_of(image, layer).items():
            unique, number = name, 1
            while unique in channels:
                number += 1
                unique = f"{name} ({number})"
            channels[unique] = read
    return channels
