"""Lines over images and labels: what is being drawn, and outlines of cells.

Owns one temporary layer of vectors, made when there is something to show, and left out
of napari's list of layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Vectors

from napari_dinocell.session.plane_part import plane_part
from napari_dinocell.widgets.layers.layer_list import hide_row
from napari_dinocell.widgets.layers.placement import PLACEMENT

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import ArrayLike, NDArray

    from napari_dinocell.session.regions import Region

WIDTH = 2.0
"""Of lines, in pixels of the screen."""


class Marks:
    """Shows segments over a layer.

    Parameters
    ----------
    viewer
        Gets the layer.
    name, color
        Of the layer.
    """

    def __init__(self, viewer: ViewerModel, name: str, color: str) -> None:
        self._viewer = viewer
        self._name = name
        self._color = color
        self._layer: Vectors | None = None

    @property
    def layer(self) -> Vectors | None:
        """The temporary layer; None if there is none, or the user removed it."""
        if self._layer is not None and self._layer not in self._viewer.layers:
            self._layer = None
        return self._layer

    def show(
        self,
        segments: NDArray[np.float64],
        over: Layer,
        colors: NDArray[np.float64] | None = None,
    ) -> None:
        """Show segments (N, 2, 2) from (y, x) to (y, x), in pixels of that layer.

        `colors` (N, 4) are red, green, blue and opacity of each, where not all have the
        colour of the layer.
        """
        vectors = segments.copy()
        vectors[:, 1] -= vectors[:, 0]  # napari wants directions
        layer = self.layer
        if layer is None:
            if len(vectors) == 0:
                return
            layer = self._make(over)
        layer.edge_width = WIDTH * screen_pixel(self._viewer, over)
        layer.data = vectors
        if colors is not None and len(vectors):
            layer.edge_color = colors

    def remove(self) -> None:
        """Take the layer out of the viewer."""
        if self.layer is not None:
            layer, self._layer = self._layer, None
            self._viewer.layers.remove(layer)

    def _make(self, over: Layer) -> Vectors:
        layers = self._viewer.layers
        selected, active = set(layers.selection), layers.selection.active
        placement = plane_part({name: getattr(over, name) for name in PLACEMENT})
        layer = Vectors(
            np.zeros((0, 2, 2)),
            ndim=2,
            name=self._name,
            edge_color=self._color,
            vector_style="line",
            metadata={"dinocell": {"kind": "marks"}},
            **placement,
        )
        self._layer = layer
        layers.append(layer)
        hide_row(layer)
        layers.selection = selected
        layers.selection.active = active
        return layer


def is_mark(layer: Any) -> bool:
    """Whether a layer is a temporary one: napari selects it as it comes."""
    marks = getattr(layer, "metadata", {}).get("dinocell") or {}
    return bool(marks.get("kind") == "marks")


def path_segments(points: ArrayLike) -> NDArray[np.float64]:
    """Segments between neighbours of (N, 2) points."""
    path = np.asarray(points, float).reshape(-1, 2)
    return np.stack([path[:-1], path[1:]], axis=1)


def box_corners(
    first: tuple[float, float], last: tuple[float, float]
) -> list[tuple[float, float]]:
    """The path (y, x) around a box, from one corner over the opposite one and back."""
    (top, left), (bottom, right) = first, last
    return [first, (top, right), last, (bottom, left), first]


def outline_segments(
    values: NDArray[Any], region: Region, *, outside: int = 0
) -> NDArray[np.float64]:
    """Segments along the edges between pixels of different values.

    Parameters
    ----------
    values
        (H, W) of the region: a mask, or labels.
    region
        Rows and columns that they are at.
    outside
        The value around the region.
    """
    padded = np.pad(values, 1, constant_values=outside)
    corner = np.array([part.start - 0.5 for part in region])
    found = []
    for axis in (0, 1):
        before, behind = np.delete(padded, -1, axis), np.delete(padded, 0, axis)
        edges = np.argwhere(before != behind).astype(float)
        edges[:, 1 - axis] -= 1  # of the padding
        found.append(np.stack([edges, edges + np.eye(2)[1 - axis]], axis=1))
    segments: NDArray[np.float64] = np.concatenate(found) + corner
    return segments


def screen_pixel(viewer: ViewerModel, layer: Any) -> float:
    """Side of a pixel of the screen, in pixels of a layer."""
    origin = np.zeros(layer.ndim)
    along = origin.copy()
    along[-1] = 1
    first, second = (np.array(layer.data_to_world(p)) for p in (origin, along))
    return 1 / (camera_of(viewer).zoom * float(np.linalg.norm(second - first)))


def camera_of(viewer: ViewerModel) -> Any:
    """In napari 0.9 it belongs to the scene, before that to the viewer."""
    return getattr(viewer, "scene", viewer).camera
