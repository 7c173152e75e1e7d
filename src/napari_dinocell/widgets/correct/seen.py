"""What the network has seen in the plane of labels that is corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import EditError
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.layers.labels_source import distance_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.session.regions import PlaneIndex


@dataclass(frozen=True, slots=True, eq=False)
class SeenPlane:
    """The distance map of a plane, and the thresholds that its labels show."""

    distance: DistanceMap
    """(Y, X), in [0, 1]."""
    thresholds: WatershedConfig


def seen_in(viewer: ViewerModel, layer: Labels, index: PlaneIndex) -> SeenPlane:
    """What the network has seen in a plane.

    Parameters
    ----------
    viewer
        Its session holds the result that the layer shows. Where the image is gone, the
        layer of distances that belongs to the labels serves, with default thresholds.
    layer, index
        Labels, and the plane of them.

    Raises
    ------
    EditError
        If no distance map belongs to the labels.
    """
    result = Session.of(viewer).result_of(layer.data)
    if result is not None and index in result.stack.thresholds:
        stack = result.stack
        return SeenPlane(stack.read_map(index), stack.thresholds[index])
    read = distance_of(layer, viewer.layers)
    if read is None:
        raise EditError(
            "Expected labels with a distance map, but there is none for these. Segment "
            "the image, or drag around the cell with Add."
        )
    return SeenPlane(read(index), WatershedConfig())
