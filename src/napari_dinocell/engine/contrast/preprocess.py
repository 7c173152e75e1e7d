"""From the image as opened to the [0, 1] plane that the network sees.

Contrast is adjusted once per plane, never per tile: the position of a tile must not
change what the network sees. Knows nothing of tiles, scale or the network.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import (
    AdjustedImage,
    row_bands,
    safe_real_type,
)
from napari_dinocell.engine.contrast.any_array import as_array
from napari_dinocell.engine.contrast.limits import (
    Stretch,
    check_dtype,
    finite_range,
    intensity_limits,
    robust_stretch,
)
from napari_dinocell.engine.contrast.stained import natural_channel
from napari_dinocell.engine.contrast.stains import hematoxylin
from napari_dinocell.engine.contrast.weighted_sum import weighted_sum
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.no_cells import NoCells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Image, Shape2D
    from napari_dinocell.engine.config import Channel, ChannelName, ContrastConfig

__all__ = ["AdjustedImage", "adjust_contrast", "intensity_limits", "to_plane"]

LUMINANCE = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue (ITU-R BT.601, as PNG and TIFF readers use)."""


def to_plane(
    image: Image,
    channel: Channel = "gray",
    *,
    channel_axis: int | None = None,
    channels: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    """One plane (Y, X) of an image.

    Parameters
    ----------
    image
        (Y, X); or RGB(A), (Y, X, 3) or (Y, X, 4), whose alpha is ignored; or
        channels along `channel_axis`. Integers or floats of any width and byte order.
    channel
        "gray" is the luminance of RGB and the mean of other channels; "max" and
        "mean" go over the channels pixel by pixel; an integer picks one channel.
        "hematoxylin" is the amount of that dye in RGB (`stains.hematoxylin`); "auto"
        takes it where RGB shows nuclei stained so, and gray otherwise. A 2-D image is
        its own only channel.
    channel_axis
        The axis of the channels of a 3-D image; None expects RGB(A).
    channels
        Those that "gray", "max" and "mean" go over; None takes all. The
        "gray" of one or two of red, green and blue is their mean, and "auto" is
        "gray" of some.

    Returns
    -------
    The image itself, a view of it, or a new float plane. Nothing is rescaled.

    Raises
    ------
    ImageError
        If the image is empty, not of real numbers, of other dimensions than these,
        or has no such channel.
    """
    array = as_array(image)
    check_dtype(array)
    pixels = _channels_last(array, channel_axis)
    if pixels.size == 0:
        raise ImageError(
            f"Expected an image with at least one pixel, got shape {array.shape}. "
            "Choose a larger region."
        )
    if isinstance(channel, int):
        _require_channel(pixels, channel)
        return pixels[..., channel]
    rgb = array.ndim == 3 and channel_axis is None
    pixels = pixels[..., :3] if rgb else pixels
    chosen = _choose(pixels, channels)
    if channel == "auto":
        channel = natural_channel(pixels, rgb=rgb, channels=channels)
    if channel == "hematoxylin" and array.ndim == 3:
        require_colours(pixels.shape[-1], rgb=rgb)
        return hematoxylin(pixels)
    return _combine(pixels, chosen, channel, rgb=rgb)


def adjust_contrast(
    plane: Image,
    config: ContrastConfig,
    *,
    limits: tuple[float, float] | None = None,
) -> AdjustedImage:
    """Stretch a plane (Y, X) between two intensities, then equalise it locally.

    With `config.robust`, a plane in which nothing stands out of the noise is empty,
    outliers do not count, and noise is never stretched over the range.

    With `config.clahe`, the stretched plane is rounded to 256 levels and equalised by
    CLAHE (Zuiderveld, Graphics Gems IV, 1994) with one window about every
    `config.window` pixels. On 16-bit data OpenCV's clip limit counts 65536 bins and
    hardly clips; with 256, the same picture stored in 8 and 16 bit gives the same
    result. Without CLAHE the plane keeps its precision.

    Parameters
    ----------
    plane
        (Y, X), integers or floats. NaN and infinities count as `low`.
    config
        Rule, percentiles, clip limit and window.
    limits
        Intensities that become 0 and 1 whatever the plane holds, for example
        `intensity_limits` of a whole stack.

    Returns
    -------
    The adjusted image. A plane of one single value is 0 everywhere and `constant`.

    Raises
    ------
    ImageError
        If the plane is not a non-empty 2-D array of real numbers.
    """
    found = find_stretch(to_plane(plane, 0), config, limits=limits)
    reason = why_empty(found)
    if reason is not None:
        return AdjustedImage.empty(found.plane, reason)
    return _stretched(found, config)


def find_stretch(
    plane: NDArray[Any],
    config: ContrastConfig,
    *,
    limits: tuple[float, float] | None = None,
) -> Stretch:
    """What `adjust_contrast` measures of a plane (Y, X), which may be a lazy one."""
    given = config.given_limits
    if limits is not None:
        return Stretch(plane, *limits)
    if config.robust:
        return robust_stretch(plane, config, given=given)
    return Stretch(plane, *(given or intensity_limits(plane, config)))


def why_empty(found: Stretch) -> NoCells | None:
    """Why there is nothing to see; None if there is something."""
    if found.only_noise:
        return NoCells.NOISE
    smallest, largest = finite_range(found.plane)
    seen = smallest < largest and found.low < found.high
    return None if seen else NoCells.CONSTANT


def _stretched(found: Stretch, config: ContrastConfig) -> AdjustedImage:
    stretched = AdjustedImage(
        found.plane,
        float(found.low),
        float(found.high),
        certainty=found.certainty,
        foreign=found.foreign,
    )
    if not config.clahe:
        return stretched
    grid = window_grid(found.plane.shape, config)
    equalised = cv2.createCLAHE(config.clip_limit, grid).apply(
        stretched.levels(np.uint8)
    )
    levels = AdjustedImage.from_levels(equalised)
    return replace(levels, certainty=found.certainty, foreign=found.foreign)


def _channels_last(array: NDArray[Any], channel_axis: int | None) -> NDArray[Any]:
    """(Y, X, C) view of any accepted image."""
    if array.ndim == 2:
        return array[..., np.newaxis]
    if array.ndim == 3 and channel_axis is not None and -3 <= channel_axis < 3:
        return np.moveaxis(array, channel_axis, -1)
    if array.ndim == 3 and channel_axis is None and array.shape[-1] in (3, 4):
        return array
    raise ImageError(
        f"Expected a 2-D image (Y, X), RGB (Y, X, 3) or channels with their axis "
        f"named, got shape {array.shape} with channel axis {channel_axis}. Pick one "
        "plane of a stack, or say which axis (0, 1 or 2) holds the channels."
    )


def _require_channel(pixels: NDArray[Any], index: int) -> None:
    count = pixels.shape[-1]
    if not 0 <= index < count:
        raise ImageError(
            f"Expected a channel from 0 to {count - 1}, got {index}. "
            "Pick a channel that the image has."
        )


def require_colours(count: int, *, rgb: bool) -> None:
    """Refuse to look for a dye in anything but red, green and blue.

    Raises
    ------
    ImageError
        That names the number of channels.
    """
    if not rgb:
        raise ImageError(
            "Expected red, green and blue as the last axis to find hematoxylin in, got "
            f"{count} channels along an axis of their own. Pick one of them."
        )


def _choose(pixels: NDArray[Any], channels: tuple[int, ...] | None) -> list[int]:
    """Indices to combine, ascending, so that the order they come in is no matter."""
    if channels is None:
        return list(range(pixels.shape[-1]))
    for index in channels:
        _require_channel(pixels, index)
    return sorted(set(channels))


def _combine(
    pixels: NDArray[Any], chosen: list[int], name: ChannelName, *, rgb: bool
) -> NDArray[Any]:
    """One plane of the chosen channels of (Y, X, C)."""
    if len(chosen) == 1:
        return pixels[..., chosen[0]]
    if name == "max":
        # fmax, unlike max, is not infected by NaN in one of the channels
        return _by_rows(
            pixels, chosen, pixels.dtype, lambda part: np.fmax.reduce(part, -1)
        )
    luminance = rgb and name == "gray" and len(chosen) == 3
    weights = LUMINANCE if luminance else _equal(len(chosen))
    real = safe_real_type(pixels.dtype)
    weights = weights.astype(real)
    return _by_rows(pixels, chosen, real, lambda part: weighted_sum(part, weights))


def _equal(count: int) -> NDArray[np.float64]:
    return np.full(count, 1 / count)


def _by_rows(
    pixels: NDArray[Any],
    chosen: list[int],
    dtype: Any,
    combine: Callable[[NDArray[Any]], NDArray[Any]],
) -> NDArray[Any]:
    """Combine (Y, X, C) to (Y, X), a band of rows at a time to save memory."""
    height, width, count = pixels.shape
    everything = len(chosen) == count
    plane = np.empty((height, width), np.dtype(dtype).newbyteorder("="))
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in row_bands((height, width * count)):
            part = pixels[rows]
            plane[rows] = combine(part if everything else part[..., chosen])
    return plane


def window_grid(shape: Shape2D, config: ContrastConfig) -> tuple[int, int]:
    """Windows along x and y (OpenCV's order), each about `config.window` pixels."""
    height, width = shape
    return -(-width // config.window), -(-height // config.window)
