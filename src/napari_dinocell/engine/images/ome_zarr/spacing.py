"""Between OME-Zarr's scales with units and the project's pixel size, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.images.pixel_size import (
    MICROMETRE,
    SECONDS,
    PixelSize,
    in_one_unit,
    normalised_unit,
)

if TYPE_CHECKING:
    from napari_dinocell.engine.images.ome_zarr.metadata import Multiscale

SPACE_UNITS = {
    MICROMETRE: "micrometer", "pm": "picometer", "Å": "angstrom", "nm": "nanometer",
    "mm": "millimeter", "cm": "centimeter", "dm": "decimeter", "m": "meter",
    "inch": "inch",
}  # fmt: skip
"""Names that OME-Zarr has for units of length."""

_SPACE_NAMES = {name: unit for unit, name in SPACE_UNITS.items()}
_TIMES = {
    "second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6, "nanosecond": 1e-9,
    "minute": 60.0, "hour": 3600.0, "day": 86_400.0,
}  # fmt: skip


def pixel_size_of(multiscale: Multiscale, level: int = 0) -> PixelSize | None:
    """Distances between the pixels of a level; None where nothing says them.

    Scales without units that are all 1 say nothing.
    """
    own = multiscale.levels[level].transform.scale
    whole = multiscale.whole
    outer = (1.0,) * len(own) if whole is None else whole.scale
    lengths: dict[str, tuple[float, str | None]] = {}
    for axis, inner, factor in zip(multiscale.axes, own, outer, strict=True):
        lengths[axis.letter] = (inner * factor, axis.unit)
    time = _seconds(*lengths["T"]) if "T" in lengths else None
    size = _lengths({key: lengths[key] for key in "ZYX" if key in lengths})
    if size is None and time is None:
        return None
    size = size or PixelSize(y=1, x=1, unit=None)
    return PixelSize(y=size.y, x=size.x, z=size.z, unit=size.unit, t=time)


def _lengths(lengths: dict[str, tuple[float, str | None]]) -> PixelSize | None:
    named: dict[str, tuple[float, str]] = {}
    for key, (length, name) in lengths.items():
        unit = _unit(name)
        if unit is not None:
            named[key] = (length, unit)
    if {"Y", "X"} <= named.keys():
        return in_one_unit(named["Y"], named["X"], named.get("Z"))
    plain = {key: length for key, (length, _) in lengths.items()}
    if all(length == 1 for length in plain.values()):
        return None
    return PixelSize(y=plain["Y"], x=plain["X"], z=plain.get("Z"), unit=None)


def _unit(name: str | None) -> str | None:
    """The project's spelling of a unit of length."""
    if name is None:
        return None
    return _SPACE_NAMES.get(name.lower()) or normalised_unit(name)


def _seconds(length: float, unit: str | None) -> float | None:
    """Time between frames; None without a unit, where 1 is what is there by default."""
    factor = _TIMES.get(str(unit).lower()) or SECONDS.get(str(unit).lower())
    return None if factor is None else float(f"{length * factor:.12g}")
