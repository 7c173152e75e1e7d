"""The plane that settings choose of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.contrast.any_array import as_array
from napari_dinocell.engine.contrast.preprocess import to_plane
from napari_dinocell.engine.contrast.stained import natural_channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.config import Channel, SegmentConfig


def chosen_plane(
    image: Image, config: SegmentConfig, *, channel_axis: int | None = None
) -> tuple[NDArray[Any], Channel | None]:
    """One plane (Y, X) of an image, as the settings want it, and what it shows.

    Takes and raises the same as `to_plane`.

    Returns
    -------
    The plane, and the channel that the image decided for; None where settings say it,
    or there is but one.
    """
    channel = settled_channel(image, config, channel_axis=channel_axis)
    only = config.channels
    plane = to_plane(image, channel, channel_axis=channel_axis, channels=only)
    return plane, None if channel == config.channel else channel


def plane_of(
    image: Image, config: SegmentConfig, *, channel_axis: int | None = None
) -> NDArray[Any]:
    """The plane of `chosen_plane` alone."""
    return chosen_plane(image, config, channel_axis=channel_axis)[0]


def settled_channel(
    image: Image, config: SegmentConfig, *, channel_axis: int | None = None
) -> Channel:
    """The channel that is segmented of an image; "auto" only where there is but one.

    Where limits are given, or shared by planes, "auto" is "gray": given ones are
    intensities of the picture, and shared ones need one rule for all planes.
    """
    array = as_array(image)
    if config.channel != "auto" or array.ndim == 2:
        return config.channel
    if config.contrast.limits != "image":
        return "gray"
    rgb = array.ndim == 3 and channel_axis is None
    return natural_channel(array, rgb=rgb, channels=config.channels)
