"""Pixel size out of the scale and the units of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from napari_dinocell.engine.images.pixel_size import PixelSize

_MICROMETRE, _SECOND = "micrometer", "second"


def pixel_size_of(
    scale: Sequence[float] | None,
    units: Sequence[Any] | None,
    *,
    t: int | None = None,
    z: int | None = None,
) -> PixelSize | None:
    """Lengths of a pixel in micrometres, and seconds between frames.

    Without units of length, the bare scale is kept, which lays results over the image
    again; None for a layer that is not scaled.

    Parameters
    ----------
    scale, units
        Of all axes of the layer; the last two are Y and X.
    t, z
        Axes along which frames and slices lie, if there are such.
    """
    if scale is None:
        return None
    factors = [abs(float(factor)) for factor in scale]
    size = _in_micrometres(factors, units, z) or _without_unit(factors, z)
    time = None if t is None else _length(factors, units, t, _SECOND)
    if time is None:
        return size
    return replace(size or PixelSize(y=1, x=1, unit=None), t=time)


def _in_micrometres(
    factors: list[float], units: Sequence[Any] | None, z: int | None
) -> PixelSize | None:
    y, x = (_length(factors, units, axis, _MICROMETRE) for axis in (-2, -1))
    if y is None or x is None:
        return None
    depth = None if z is None else _length(factors, units, z, _MICROMETRE)
    return PixelSize(y=y, x=x, z=depth)


def _without_unit(factors: list[float], z: int | None) -> PixelSize | None:
    *_, y, x = factors
    if y == x == 1:
        return None
    return PixelSize(y=y, x=x, z=None if z is None else factors[z], unit=None)


def _length(
    factors: list[float], units: Sequence[Any] | None, axis: int, wanted: str
) -> float | None:
    """Length of a step along an axis; None where its unit is of another kind."""
    if units is None or not units[axis].is_compatible_with(wanted):
        return None
    length = factors[axis] * (1.0 * units[axis]).to(wanted).magnitude
    return float(f"{length:.12g}")  # 0.065, not 0.06500000000000002
