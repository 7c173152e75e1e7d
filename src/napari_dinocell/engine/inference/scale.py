"""Bring the cells of an image to the size that the model was trained on, and back.

The image is resized by `scale`, the network works on the resized image, and its map
is read back at the pixels of the original by linear interpolation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage, Levels
from napari_dinocell.engine.contrast.lazy_plane import ArrayPlane
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.inference.resized_plane import ResizedPlane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Shape2D

MAX_SCALE = 8.0
"""Upscaling a cell of 3 px further invents, not finds, its shape."""
MIN_SCALE = 1 / 64
MAX_ENLARGED_PIXELS = 2**30
"""No plane is enlarged beyond it: days of work, and sizes that OpenCV refuses."""
SAME_SCALE = 0.02
"""Scales this near to 1 leave the image as it is: resampling would only blur it."""

_Pixel = TypeVar("_Pixel", np.uint8, np.uint16, np.float32)


def scale_for(cell_diameter: float | None, training_diameter: float) -> float:
    """Scale that brings cells of a diameter to the training diameter.

    Parameters
    ----------
    cell_diameter
        Typical diameter in the image, in pixels; None takes the image as it is.
    training_diameter
        Diameter that the model knows best, in pixels.

    Returns
    -------
    Factor by which height and width are multiplied; exactly 1 when it is within 2 %.

    Raises
    ------
    SettingsError
        If the image would have to grow more than 8 times, or shrink more than 64.
    """
    if cell_diameter is None:
        return 1.0
    scale = training_diameter / cell_diameter
    if abs(scale - 1) <= SAME_SCALE:
        return 1.0
    if not MIN_SCALE <= scale <= MAX_SCALE:
        smallest = training_diameter / MAX_SCALE
        largest = training_diameter / MIN_SCALE
        raise SettingsError(
            f"Expected a cell diameter between {smallest:.3g} and {largest:.5g} pixels "
            f"for this model, got {cell_diameter:.5g}. Measure a typical cell, or "
            "leave the diameter empty."
        )
    return scale


def largest_scale(shape: Shape2D) -> float:
    """Largest scale at which a plane of this shape can be predicted; at least 1."""
    height, width = shape
    return max(1.0, math.sqrt(MAX_ENLARGED_PIXELS / (height * width)))


def scaled_shape(shape: Shape2D, scale: float) -> Shape2D:
    """Height and width after scaling, at least one pixel each."""
    height, width = shape
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize_plane(plane: NDArray[_Pixel], shape: Shape2D) -> NDArray[_Pixel]:
    """Resize a plane: area average where it shrinks, linear where it grows.

    Parameters
    ----------
    plane
        (Y, X), uint8, uint16 or float32.
    shape
        Height and width of the result, in pixels.

    Returns
    -------
    New array of `shape` and the same dtype, or the plane itself if nothing changes.
    Values stay within those of the plane.
    """
    if plane.shape == shape:
        return plane
    shrinks = shape[0] < plane.shape[0] or shape[1] < plane.shape[1]
    resized: NDArray[_Pixel] = cv2.resize(
        np.ascontiguousarray(plane),
        (shape[1], shape[0]),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    return resized


def resize_image(image: AdjustedImage, shape: Shape2D) -> AdjustedImage:
    """Resize an adjusted image, in as many levels as it has (256 or 65536)."""
    if image.shape == shape:
        return image
    resized: Levels
    if image.plane.dtype == np.uint8:
        resized = resize_plane(image.levels(np.uint8), shape)
    else:
        resized = _resize_deep(image.levels(np.uint16), shape)
    return AdjustedImage.from_levels(resized, constant=image.constant)


def _resize_deep(levels: NDArray[np.uint16], shape: Shape2D) -> NDArray[np.uint16]:
    """As `resize_plane`, but the same to the last bit if it is done in parts."""
    if levels.shape[0] > shape[0] or levels.shape[1] > shape[1]:
        return resize_plane(levels, shape)
    resized: NDArray[np.uint16] = ResizedPlane(ArrayPlane(levels), shape)[:, :]
    return resized


def read_resized(
    distance_map: DistanceMap, shape: Shape2D, region: tuple[slice, slice]
) -> DistanceMap:
    """Values of a map at the pixels of an image of another size.

    Parameters
    ----------
    distance_map
        (Y, X) at the network's scale.
    shape
        Height and width of the image, in pixels.
    region
        Rows and columns of the image, with start and stop, to be read.

    Returns
    -------
    The region by linear interpolation between pixel centres (edges repeated): the
    same values, whichever regions the image is read in.
    """
    rows, columns = region
    top, bottom, down = _neighbours(distance_map.shape[0], shape[0], rows)
    left, right, across = _neighbours(distance_map.shape[1], shape[1], columns)
    y0, x0 = top[0], left[0]
    block = distance_map[y0 : bottom[-1] + 1, x0 : right[-1] + 1]
    lines = block[top - y0] * (1 - down)[:, None] + block[bottom - y0] * down[:, None]
    result: DistanceMap = lines[:, left - x0] * (1 - across) + (
        lines[:, right - x0] * across
    )
    return result


def _neighbours(
    source: int, target: int, span: slice
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Both source pixels around each target pixel, and the weight of the second."""
    centre = (np.arange(span.start, span.stop) + 0.5) * (source / target) - 0.5
    centre = np.clip(centre, 0, source - 1)
    first = np.floor(centre).astype(np.intp)
    second = np.minimum(first + 1, source - 1)
    return first, second, (centre - first).astype(np.float32)
