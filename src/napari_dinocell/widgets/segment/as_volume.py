"""A layer whose slices are segmented together: what the layer says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.volume.check import require_volume, spacing_of

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.regions import PlaneIndex

FRAMES = {"t", "time", "frame", "frames"}
"""Names of axes that are no slices."""


def as_volume(
    config: SegmentConfig, layer: Image, source: ImageSource
) -> SegmentConfig:
    """Settings for the volumes of a layer, with the distance of its slices.

    Raises
    ------
    ImageError
        If there are no slices, or they are frames of a time-lapse.
    SettingsError
        If their distance is 0.
    OutOfMemoryError
        If memory cannot hold the map of a volume.
    """
    if len(source.shape) < 3:
        raise ImageError(
            f"Expected slices to segment '{layer.name}' as a volume, got one plane. "
            "Choose the whole plane as the region."
        )
    require_volume(source.shape[-3:])
    axis = source.plane_axes[-1]
    if layer.axis_labels[axis].strip().lower() in FRAMES:
        raise ImageError(
            f"Expected slices to segment '{layer.name}' as a volume, got the axis "
            f"{layer.axis_labels[axis]!r}, frames of a time-lapse. Choose all frames "
            "as the region; if they are slices, rename the axis of the layer."
        )
    z, y, x = (abs(float(layer.scale[n])) for n in (axis, -2, -1))
    stack = config.with_overrides(volume=True).stack
    spacing = spacing_of(stack, PixelSize(y=y, x=x, z=z))
    return config.with_overrides(volume=True, z_spacing=spacing)


def middle_first(planes: tuple[PlaneIndex, ...]) -> tuple[PlaneIndex, ...]:
    """Planes with the middle slice of the first volume before all others.

    The first slice often shows the tips of cells, or none; the plane that comes first
    decides how large cells are.
    """
    slices = [index for index in planes if index[:-1] == planes[0][:-1]]
    middle = slices[len(slices) // 2]
    return (middle, *(index for index in planes if index != middle))
