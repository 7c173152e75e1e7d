"""The contrast-adjusted plane, turned into floats only where it is looked at.

A float32 copy of a 16-bit plane is twice as large as the plane. The plane is kept
as it was stored (or as 256 levels after equalisation), and windows of it become
float32 when a tile needs them, so that memory does not grow with the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.arrays import GrayImage, Shape2D
    from napari_dinocell.engine.no_cells import NoCells

BAND_PIXELS = 2**20
"""Large planes are read in bands of whole rows of about this many pixels."""

Levels: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""(Y, X) of integers, where the type's largest value stands for 1.0."""

_Unsigned = TypeVar("_Unsigned", np.uint8, np.uint16)


def safe_real_type(dtype: np.dtype[Any]) -> np.dtype[np.float32 | np.float64]:
    """Choose a float type in which differences of such pixels are exact enough.

    8- and 16-bit values are exact in float32; wider ones need the range and the
    digits of a double until they are brought into [0, 1].
    """
    return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)


def row_bands(shape: Shape2D, *, pixels: int = BAND_PIXELS) -> Iterator[slice]:
    """Cut a plane into slices of whole rows, top to bottom, none empty."""
    height, width = shape
    rows = max(1, pixels // max(1, width))
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedImage:
    """A plane of which `low` becomes 0 and `high` becomes 1; beyond is clipped.

    NaN and infinite pixels become 0. The plane is referenced, not copied: do not
    change it while the adjusted image is in use.
    """

    plane: NDArray[Any]
    """(Y, X), integers or floats."""
    low: float
    high: float
    constant: bool = False
    """There is nothing to see: every pixel is 0."""
    no_cells: NoCells | None = None
    """Why there is nothing to see."""
    certainty: float = 0.0
    """What is found here is believed only if the model is as certain as this."""
    foreign: NDArray[np.bool_] | None = None
    """Where (Y, X) no cells are looked for."""

    @classmethod
    def empty(cls, plane: NDArray[Any], reason: NoCells) -> AdjustedImage:
        """Image (Y, X) of zeros, since there is nothing to see."""
        return cls(plane, 0.0, 1.0, constant=True, no_cells=reason)

    @classmethod
    def from_levels(cls, levels: Levels, *, constant: bool = False) -> AdjustedImage:
        """Adjusted image of integers whose type's largest value stands for 1.0."""
        return cls(levels, 0.0, float(np.iinfo(levels.dtype).max), constant)

    @classmethod
    def from_image(cls, image: GrayImage) -> AdjustedImage:
        """Take an image (Y, X) in [0, 1] as it is; values outside are clipped."""
        return cls(image, 0.0, 1.0)

    @property
    def shape(self) -> Shape2D:
        """Height and width in pixels."""
        height, width = self.plane.shape
        return height, width

    @property
    def image(self) -> GrayImage:
        """The whole image (Y, X), float32 in [0, 1]: 4 bytes per pixel, made anew."""
        image = np.empty(self.shape, np.float32)
        for rows in row_bands(self.shape):
            image[rows] = self.window(rows, slice(None))
        return image

    def window(self, rows: slice, columns: slice) -> GrayImage:
        """Part of the image, float32 in [0, 1], C-ordered, made anew."""
        block = self.plane[rows, columns]
        if self.constant:
            return np.zeros(block.shape, np.float32)
        scaled: NDArray[Any] = block.astype(safe_real_type(block.dtype), order="C")
        with np.errstate(over="ignore", invalid="ignore"):
            scaled -= self.low
            scaled /= self.high - self.low
        if block.dtype.kind == "f":
            scaled[~np.isfinite(block)] = 0
        return np.clip(scaled, 0, 1, out=scaled).astype(np.float32, copy=False)

    def levels(self, dtype: type[_Unsigned]) -> NDArray[_Unsigned]:
        """Round the image (Y, X) to integers, 1.0 to the type's largest value."""
        top = np.iinfo(dtype).max
        levels = np.empty(self.shape, dtype)
        for rows in row_bands(self.shape):
            levels[rows] = np.rint(self.window(rows, slice(None)) * top)
        return levels
