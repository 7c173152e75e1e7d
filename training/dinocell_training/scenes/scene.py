"""What every scene returns: an image as a camera gives it, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.arrays import Image, Labels, Shape2D

SMALLEST_SIDE = 128
"""Pixels; a smaller picture has no room for the cells that a scene promises."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A made-up picture of cells with its ground truth."""

    image: Image
    """(Y, X), (T, Y, X) or (Z, Y, X), uint8 or uint16: the counts of a camera."""
    labels: Labels
    """Same shape, int32: one id per cell, 0 is background. A cell keeps its id in all
    frames; daughters get new ones."""
    pixel_size_um: float
    """Side of a pixel in micrometres."""
    name: str
    """Short, for people: "fluorescent nuclei"."""
    mothers: Mapping[int, int] = field(default_factory=dict)
    """Id of the mother of each daughter, if seen in the frame before."""
    z_spacing: float | None = None
    """From slice to slice of a volume, in pixels."""


def check_shape(shape: Shape2D) -> None:
    """Refuse pictures without room for the cells.

    Raises
    ------
    SettingsError
        If a side is shorter than `SMALLEST_SIDE`.
    """
    if min(shape) < SMALLEST_SIDE:
        raise SettingsError(
            f"Expected a shape of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels, "
            f"got {shape}. Cut a smaller part out of a larger scene."
        )
