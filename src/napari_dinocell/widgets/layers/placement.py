"""Where layers lie in the world: those of results lie exactly over their image.

Knows napari's transforms (scale, shear, rotate, translate, then an affine) and nothing
of what the layers show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import NDArray

    from napari_dinocell.session.image_source import ImageSource

    Matrix = NDArray[np.float64]

PLACEMENT = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
"""What napari takes to place a layer."""


def placement_of(layer: Image, source: ImageSource) -> dict[str, Any]:
    """Keyword arguments that place a layer of results over an image layer.

    Parameters
    ----------
    layer
        The image.
    source
        Made from it; its `shape` is that of the results.

    Returns
    -------
    scale, translate, rotate, shear, affine, units and axis_labels for a layer with the
    dimensions of `source.shape`. A channel axis of length 1 spans all channels, so that
    the results are seen whichever of them is shown.
    """
    channel = source.channel_axis
    if channel is None:
        return _own_placement(layer)
    if channel in source.plane_axes:
        return _spanning(layer, channel, source.data.shape[channel])
    kept = [axis for axis in range(layer.ndim) if axis != channel]
    if _stands_alone(layer, channel):
        return _sliced(layer, kept)
    return _kept_in_affine(layer, kept)


def data_to_world(layer: Image) -> Matrix:
    """(ndim + 1, ndim + 1): from pixels of a layer to the world, in its own units."""
    matrix = np.eye(layer.ndim + 1)
    matrix[:-1, :-1] = _linear(layer)
    matrix[:-1, -1] = layer.translate
    world: Matrix = np.asarray(layer.affine.affine_matrix) @ matrix
    return world


def to_world(
    viewer: ViewerModel, layer: Layer, place: tuple[float, ...]
) -> NDArray[np.float64]:
    """A place in the layer's data, in the world, for each axis of the viewer."""
    world = np.array(viewer.dims.point, float)
    found = np.array(layer.data_to_world(place), float)
    units = viewer.dims.units
    if units is not None and len(units) >= layer.ndim:
        pairs = zip(units[-layer.ndim :], layer.units, strict=True)
        for axis, (outer, own) in enumerate(pairs):
            if outer != own and outer.is_compatible_with(own):
                found[axis] *= (1.0 * own).to(outer).magnitude
    world[-layer.ndim :] = found
    return world


def _own_placement(layer: Image) -> dict[str, Any]:
    return {
        "scale": np.array(layer.scale),
        "translate": np.array(layer.translate),
        "rotate": np.array(layer.rotate),
        "shear": _shear_matrix(layer),
        "affine": np.array(layer.affine.affine_matrix),
        "units": tuple(layer.units),
        "axis_labels": tuple(layer.axis_labels),
    }


def _spanning(layer: Image, channel: int, count: int) -> dict[str, Any]:
    """One pixel along the channel axis, as long as all channels and in their middle."""
    placement = _own_placement(layer)
    placement["translate"] += _linear(layer)[:, channel] * (count - 1) / 2
    placement["scale"][channel] *= count
    return placement


def _sliced(layer: Image, kept: list[int]) -> dict[str, Any]:
    """Without an axis that no other one is mixed with."""
    own = _own_placement(layer)
    square, bordered = np.ix_(kept, kept), np.ix_([*kept, -1], [*kept, -1])
    return {
        "scale": own["scale"][kept],
        "translate": own["translate"][kept],
        "rotate": own["rotate"][square],
        "shear": own["shear"][square],
        "affine": own["affine"][bordered],
        "units": tuple(own["units"][axis] for axis in kept),
        "axis_labels": tuple(own["axis_labels"][axis] for axis in kept),
    }


def _kept_in_affine(layer: Image, kept: list[int]) -> dict[str, Any]:
    """The plane of the first channel, seen along the dropped axis."""
    count = len(kept)
    bordered = np.ix_([*kept, -1], [*kept, -1])
    return _sliced(layer, kept) | {
        "scale": np.ones(count),
        "translate": np.zeros(count),
        "rotate": np.eye(count),
        "shear": np.eye(count),
        "affine": data_to_world(layer)[bordered],
    }


def _stands_alone(layer: Image, axis: int) -> bool:
    """Whether neither rotation, shear nor affine mix an axis with others."""
    affine = np.asarray(layer.affine.affine_matrix)[:-1, :-1]
    for matrix in (np.asarray(layer.rotate), _shear_matrix(layer), affine):
        mixed = np.count_nonzero(matrix[axis]) + np.count_nonzero(matrix[:, axis])
        if mixed > 2:
            return False
    return True


def _linear(layer: Image) -> Matrix:
    linear: Matrix = layer.rotate @ _shear_matrix(layer) @ np.diag(layer.scale)
    return linear


def _shear_matrix(layer: Image) -> Matrix:
    """As a matrix, which napari gives as a vector where it is upper triangular."""
    shear = np.asarray(layer.shear, dtype=float)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, 1)] = shear
    return matrix
