"""What a volume must be, and how far apart its slices are."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.stack_config import LARGEST_SPACING, ORTHOGONAL_SPACING
from napari_dinocell.engine.watershed.memory import require_memory

if TYPE_CHECKING:
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.stack_config import StackConfig

BYTES_PER_VOXEL = 16
"""Of the map, and of what the watershed needs beside it."""


def require_volume(shape: tuple[int, ...]) -> None:
    """Refuse what is no volume (Z, Y, X), or a larger one than memory can hold.

    Raises
    ------
    ImageError
        If there are no slices, or only one.
    OutOfMemoryError
        If its map and labels need more memory than there is.
    """
    if len(shape) != 3:
        raise ImageError(
            f"Expected a volume (Z, Y, X), got the shape {shape}. Give one volume at a "
            "time, and name the axis of channels if there is one."
        )
    if shape[2] in (3, 4):
        raise ImageError(
            f"Expected a volume (Z, Y, X), got the shape {shape}, which is that of a "
            "colour picture. Segment it as a plane."
        )
    if shape[0] < 2:
        raise ImageError(
            f"Expected at least two slices for a volume, got {shape[0]}. Segment it as "
            "a plane."
        )
    voxels = shape[0] * shape[1] * shape[2]
    require_memory(BYTES_PER_VOXEL * voxels, shape)


def require_z_last(page_axes: str) -> None:
    """Refuse a stack whose pages are no slices.

    Parameters
    ----------
    page_axes
        Letters of the axes that count pages.

    Raises
    ------
    ImageError
        If there is no Z among them, or another axis comes after it.
    """
    if page_axes.endswith("Z"):
        return
    if "Z" in page_axes:
        raise ImageError(
            f"Expected slices (Z) to be the last axis before Y and X, got "
            f"{page_axes + 'YX'}. Save the image with its axes in the order TZYX."
        )
    found = f"pages along {page_axes}" if page_axes else "a single plane"
    frames = " T counts frames of a time-lapse." if "T" in page_axes else ""
    raise ImageError(
        f"Expected slices (an axis Z) to segment as a volume, got {found}.{frames} If "
        "the file names its axes wrongly, say them by axes such as ZYX; else segment "
        "planes, and link them."
    )


def spacing_of(config: StackConfig, size: PixelSize | None) -> float:
    """From one slice to the next, in pixels: as asked for, or as the image says.

    Raises
    ------
    SettingsError
        If the image says what cannot be, or orthogonal views are asked for of slices
        that are too far apart.
    """
    spacing = config.z_spacing
    if spacing is None:
        spacing = 1.0 if size is None or size.z is None else _relative(size)
    if config.orthogonal and spacing > ORTHOGONAL_SPACING:
        raise SettingsError(
            f"Expected slices at most {ORTHOGONAL_SPACING} pixels apart for orthogonal "
            f"views, got a z spacing of {spacing:.3g}. Leave them out: from the side, "
            "such a volume does not look like an image."
        )
    return spacing


def _relative(size: PixelSize) -> float:
    """Distance of slices in pixels; not all numbers in files are lengths."""
    depth, pixel = size.z or 0.0, (size.y + size.x) / 2
    spacing = depth / pixel if pixel > 0 else 0.0
    if not (isfinite(spacing) and 0 < spacing <= LARGEST_SPACING):
        unit = size.unit or "pixels"
        raise SettingsError(
            f"Expected slices up to {LARGEST_SPACING} pixels apart, and not 0, but the "
            f"image says {depth:g} {unit} for pixels of {pixel:g} {unit}. Say "
            "the right one as the z spacing, in pixels."
        )
    return spacing
