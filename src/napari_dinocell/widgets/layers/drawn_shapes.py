"""Shapes that a user has drawn, as polygons in the pixels of an image.

They hold for all planes of the image: those of a layer with more axes, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes

from napari_dinocell.widgets.layers.placement import to_world

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import NDArray

    from napari_dinocell.engine.config import Polygon

AREAS = ("rectangle", "polygon", "ellipse")
"""Kinds of shapes that have an inside; lines and paths have none."""

ELLIPSE_CORNERS = 64

DIGITS = 2
"""Of a place in pixels."""


def is_shapes(layer: Layer) -> bool:
    """Whether a layer holds drawn shapes."""
    return isinstance(layer, Shapes)


def polygons_of(
    shapes: Shapes, image: Image, viewer: ViewerModel
) -> tuple[Polygon, ...]:
    """Outlines of the shapes that have an inside.

    Parameters
    ----------
    shapes
        The layer.
    image
        In whose rows and columns the corners are given.
    viewer
        Of both.
    """
    kinds = zip(shapes.data, shapes.shape_type, strict=True)
    return tuple(
        _polygon(corners, kind, shapes, image, viewer)
        for corners, kind in kinds
        if kind in AREAS and len(corners) > 2  # one may just be begun
    )


def _polygon(
    corners: NDArray[Any], kind: str, shapes: Shapes, image: Image, viewer: ViewerModel
) -> Polygon:
    if kind == "ellipse":
        corners = _around(np.asarray(corners, float))
    world = [to_world(viewer, shapes, tuple(corner)) for corner in corners]
    places = [image.world_to_data(place[-image.ndim :])[-2:] for place in world]
    return tuple((round(float(y), DIGITS), round(float(x), DIGITS)) for y, x in places)


def _around(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners (N, axes) of a polygon for an ellipse in a box of four corners."""
    centre = box.mean(axis=0)
    one, other = (box[1] - box[0]) / 2, (box[3] - box[0]) / 2
    angles = np.linspace(0, 2 * np.pi, ELLIPSE_CORNERS, endpoint=False)
    return (
        centre
        + np.cos(angles)[:, np.newaxis] * one
        + np.sin(angles)[:, np.newaxis] * other
    )
