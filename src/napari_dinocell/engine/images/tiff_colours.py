"""From the numbers in a TIFF to the colours that they stand for (TIFF 6.0, tag 262)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]


class _Photometric(Enum):
    """Values of the tag whose numbers are not intensities as they are."""

    INVERTED = 0
    PALETTE = 3
    CMYK = 5
    CIELAB = 8
    ICCLAB = 9


_SAMPLES = {_Photometric.CMYK: 4, _Photometric.CIELAB: 3, _Photometric.ICCLAB: 3}
"""Numbers per pixel; with further ones they are left as they are."""


@dataclass(frozen=True, slots=True)
class TiffColours:
    """How the numbers of a page are to be read."""

    axes: str
    """Of the page as the file has it; a palette of colours adds S."""
    dtype: np.dtype[Any]
    """Of the pixels after reading."""
    photometric: _Photometric | None = None
    """None leaves the numbers as they are."""
    largest: int = 0
    """White's complement where white is 0; 0 for numbers without a largest one."""
    table: Pixels | None = None
    """Of a palette: grey (N,) or RGB (N, 3)."""

    @property
    def shown_axes(self) -> str:
        """Of the pixels after reading."""
        coloured = self.table is not None and self.table.ndim == 2
        return self.axes + "S" * coloured

    def shown_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths along `shown_axes`, from those along `axes`."""
        if self.table is not None:
            return shape + self.table.shape[1:]
        if self.photometric is _Photometric.CMYK:
            pairs = zip(self.axes, shape, strict=True)
            return tuple(3 if axis == "S" else length for axis, length in pairs)
        return shape

    def apply(self, pixels: Pixels, axes: str) -> Pixels:
        """Give what the numbers stand for; `axes` are those of `pixels`."""
        match self.photometric:
            case None:
                return pixels
            case _Photometric.INVERTED:
                return _inverted(pixels, self.largest)
            case _Photometric.PALETTE:
                assert self.table is not None
                return self.table[pixels]
            case _:
                samples = axes.index("S")
                last = np.moveaxis(pixels, samples, -1)
                return np.moveaxis(self._rgb(last), -1, samples)

    def _rgb(self, pixels: Pixels) -> Pixels:
        """(..., S) to (..., 3) of uint8."""
        if self.photometric is _Photometric.CMYK:
            return _from_cmyk(pixels)
        signed = self.photometric is _Photometric.CIELAB
        return _from_lab(pixels, signed=signed)


def find_colours(page: Any, axes: str, dtype: np.dtype[Any]) -> TiffColours:
    """How to read the pages of a series.

    Parameters
    ----------
    page
        Its first page, as tifffile has it.
    axes, dtype
        Of the series.
    """
    plain = TiffColours(axes, dtype)
    kinds = {kind.value: kind for kind in _Photometric}
    kind = kinds.get(int(page.photometric))
    if kind is _Photometric.INVERTED:
        whole = dtype.kind in "ub"
        largest = 2 ** int(page.bitspersample) - 1 if whole else 0
        return TiffColours(axes, dtype, kind, largest)
    if kind is _Photometric.PALETTE and "S" not in axes:
        table = _table(page)
        if table is None or dtype.kind != "u":
            return plain
        return TiffColours(axes, table.dtype, kind, table=table)
    samples = _SAMPLES.get(kind, 0) if kind else 0
    fits = "S" in axes and page.samplesperpixel == samples and dtype.kind == "u"
    return TiffColours(axes, np.dtype(np.uint8), kind) if fits else plain


def _table(page: Any) -> Pixels | None:
    """Colours of a palette, grey where all are; 8 bit where that loses nothing."""
    colormap = page.colormap
    if colormap is None or np.ndim(colormap) != 2 or len(colormap) != 3:
        return None
    table = np.ascontiguousarray(np.asarray(colormap, np.uint16).T)
    if (table % 257 == 0).all():
        table = (table // 257).astype(np.uint8)
    elif (table % 256 == 0).all():  # as some programs fill 16 bit
        table = (table // 256).astype(np.uint8)
    grey = (table == table[:, :1]).all()
    return np.ascontiguousarray(table[:, 0]) if grey else table


def _inverted(pixels: Pixels, largest: int) -> Pixels:
    if pixels.dtype.kind == "b":
        return ~pixels
    if largest:
        return (largest - pixels).astype(pixels.dtype, copy=False)
    return -pixels if pixels.dtype.kind == "f" else ~pixels


def _from_cmyk(pixels: Pixels) -> Pixels:
    ink = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    light = (1 - ink[..., :3]) * (1 - ink[..., 3:])
    return np.asarray(np.rint(light * 255), np.uint8)


def _from_lab(pixels: Pixels, *, signed: bool) -> Pixels:
    """L* a* b* as TIFF has it: a and b signed, or around the middle for ICC."""
    steps = float(np.iinfo(pixels.dtype).max)
    per_step = (steps + 1) / 256
    if signed:
        plain = pixels[..., 1:].view(f"i{pixels.dtype.itemsize}").astype(np.float32)
    else:
        plain = pixels[..., 1:].astype(np.float32) - (steps + 1) / 2
    lab = np.empty(pixels.shape, np.float32)
    lab[..., 0] = pixels[..., 0] * (100 / steps)
    lab[..., 1:] = plain / per_step
    flat = lab.reshape(1, -1, 3)
    rgb = cv2.cvtColor(flat, cv2.COLOR_LAB2RGB).reshape(pixels.shape)
    return np.asarray(np.rint(rgb.clip(0, 1) * 255), np.uint8)
