"""Planes out of an image layer, and where in them the viewer looks.

Knows how napari keeps the data of a layer (n-D, RGB, multiscale, lazy) and places it
in the world; knows no engine, no Qt and no results.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.regions import PlaneIndex, Region
from napari_dinocell.widgets.layers.placement import data_to_world

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import NDArray


def image_source_of(layer: Image, *, channel_axis: int | None = None) -> ImageSource:
    """Planes of a layer as it is now; call it on the GUI thread.

    Parameters
    ----------
    layer
        Of any dimension, single- or multiscale (level 0 is used), RGB or not.
    channel_axis
        Axis of `layer.data` that holds channels, if one does; negative ones count
        from the end.

    Raises
    ------
    ImageError
        If the data is not a non-empty image of real numbers, or has no such axis.
    """
    data = _full_resolution(layer)
    dtype = np.dtype(layer.dtype)
    size = tuple(int(length) for length in data.shape[: layer.ndim])
    _check_data(layer.name, size, dtype)
    channel_axis = _checked_channel_axis(layer, size, channel_axis)
    leading = range(len(size) - 2)
    axes = tuple(axis for axis in leading if axis > 0 or axis != channel_axis)
    counts = tuple(1 if axis == channel_axis else size[axis] for axis in axes)
    return ImageSource(
        data=data,
        shape=(*counts, *size[-2:]),
        plane_axes=axes,
        channel_axis=channel_axis,
        rgb=bool(layer.rgb),
        dtype=dtype,
    )


def still_shown(source: ImageSource, layer: Image) -> bool:
    """Whether the layer still holds the very same data object."""
    return _full_resolution(layer) is source.data


def current_plane(layer: Image, dims: Dims, source: ImageSource) -> PlaneIndex:
    """Plane at the current step of the viewer's sliders.

    Where the viewer displays other axes than the last two, or three of them, it is
    still the plane (Y, X) at the current step of all others. The nearest plane counts
    where the sliders stand beside the image; the viewer may have more dimensions.
    """
    steps = dict(enumerate(current_steps(layer, dims)))
    return tuple(
        min(steps.get(axis, 0), count - 1)
        for axis, count in zip(source.plane_axes, source.shape[:-2], strict=True)
    )


def current_steps(layer: Layer, dims: Dims) -> tuple[int, ...]:
    """Where the sliders stand along all axes of a layer's data before Y and X."""
    leading = max(layer.ndim - 2, 0)
    point = np.zeros(layer.ndim)
    known = min(layer.ndim, dims.ndim)
    point[-known:] = np.nan_to_num(dims.point[-known:])
    point *= _layer_units_per_world_unit(layer, dims)
    # Y and X stay out of it, as napari leaves out what it displays when it slices
    to_data = np.linalg.inv(data_to_world(layer))
    found = to_data[:leading, :leading] @ point[:leading] + to_data[:leading, -1]
    lengths = _full_resolution(layer).shape[:leading]
    return tuple(
        int(np.clip(round(step), 0, max(length - 1, 0)))
        for step, length in zip(found, lengths, strict=True)
    )


def visible_region(
    layer: Image, viewer: ViewerModel, source: ImageSource
) -> Region | None:
    """Rows and columns of a layer's planes that are in view.

    The box around what the canvas shows, from the camera: `layer.corner_pixels` of
    multiscale layers lag behind it and cover whole chunks, and for all layers they
    ignore units. An axis that is not displayed counts as seen from end to end, and
    so does everything in 3-D.

    Returns
    -------
    Slices of at least one pixel at full resolution; None if no pixel is in view.
    """
    height, width = source.shape[-2:]
    if viewer.dims.ndisplay != 2:
        return slice(0, height), slice(0, width)
    seen = _seen_span_by_axis(layer, viewer)
    rows = _clipped(seen.get(layer.ndim - 2), height)
    columns = _clipped(seen.get(layer.ndim - 1), width)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns


def _full_resolution(layer: Image) -> Any:
    return layer.data[0] if layer.multiscale else layer.data


def _check_data(name: str, size: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if len(size) < 2:
        raise ImageError(
            f"Expected an image with rows and columns, but '{name}' has "
            f"{len(size)} dimension. Choose an image layer with at least two."
        )
    if 0 in size:
        raise ImageError(
            f"Expected an image with at least one pixel, but '{name}' has the shape "
            f"{size}. Choose another layer."
        )
    if dtype.kind not in "uif":
        advice = "It is a mask: choose the image it was made from."
        if dtype.kind != "b":
            advice = "Add it to the viewer as real numbers, such as its magnitude."
        raise ImageError(
            f"Expected an image of integers or real numbers, but '{name}' holds "
            f"{dtype}. {advice}"
        )


def _checked_channel_axis(
    layer: Image, size: tuple[int, ...], axis: int | None
) -> int | None:
    if axis is None:
        return None
    if layer.rgb:
        raise ImageError(
            f"'{layer.name}' is RGB: its channels are red, green and blue, and it has "
            "no other channel axis. Choose none."
        )
    leading = len(size) - 2
    found = axis + len(size) if axis < 0 else axis
    if not 0 <= found < leading:
        options = f"an axis from 0 to {leading - 1}" if leading else "none: it is 2-D"
        raise ImageError(
            f"Expected the channels of '{layer.name}', of shape {size}, along an axis "
            f"before rows and columns, got axis {axis}. Choose {options}."
        )
    return found


def _layer_units_per_world_unit(layer: Image, dims: Dims) -> NDArray[np.float64]:
    """(ndim,): 1000 for a layer in nm under sliders in µm; 1 without such units."""
    factors = np.ones(layer.ndim)
    if dims.units is None or len(dims.units) < layer.ndim:
        return factors
    world_units = dims.units[-layer.ndim :]
    for axis, (world, own) in enumerate(zip(world_units, layer.units, strict=True)):
        if world != own and world.is_compatible_with(own):
            factors[axis] = (1.0 * world).to(own).magnitude
    return factors


def _seen_span_by_axis(
    layer: Image, viewer: ViewerModel
) -> dict[int, tuple[float, float]]:
    """From and to, in pixels of the layer, along both axes that the canvas shows."""
    dims = viewer.dims
    missing = dims.ndim - layer.ndim
    shown = [axis - missing for axis in dims.order if axis >= missing][-2:]
    matrix = data_to_world(layer)
    linear, origin = matrix[np.ix_(shown, shown)], matrix[shown, -1]
    corners = _canvas_corners(viewer) * _layer_units_per_world_unit(layer, dims)[shown]
    pixels = np.linalg.solve(linear, (corners - origin).T)  # (2 axes, 4 corners)
    return {
        axis: (float(along.min()), float(along.max()))
        for axis, along in zip(shown, pixels, strict=True)
    }


def _canvas_corners(viewer: ViewerModel) -> NDArray[np.float64]:
    """(4, 2): corners of the view in the displayed world, as (down, right)."""
    scene, canvas = getattr(viewer, "scene", None), getattr(viewer, "canvas", None)
    camera = viewer.camera if scene is None else scene.camera
    if canvas is not None:
        size = canvas.viewbox_size(viewer.layers)
    else:  # napari 0.8 has no public way; a plugin's viewer is a proxy of the real one
        size = getattr(viewer, "__wrapped__", viewer)._get_viewbox_size()
    half = np.array(size) / camera.zoom / 2
    signs = np.array(list(product((-1, 1), repeat=2)))
    corners: NDArray[np.float64] = np.array(camera.center[-2:]) + signs * half
    return corners


def _clipped(span: tuple[float, float] | None, length: int) -> slice:
    """Pixels touched by a span; pixel i lies between i - 0.5 and i + 0.5."""
    if span is None:
        return slice(0, length)
    start, stop = int(np.floor(span[0] + 0.5)), int(np.ceil(span[1] + 0.5))
    return slice(max(0, start), min(length, stop))
