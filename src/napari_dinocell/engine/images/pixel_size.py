"""Distances between pixels, planes and frames, and the units they are told in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from napari_dinocell.engine.records import LATER

MICROMETRE = "µm"

MICROMETRES = {
    MICROMETRE: 1.0, "pm": 1e-6, "Å": 1e-4, "nm": 1e-3, "mm": 1e3, "cm": 1e4,
    "dm": 1e5, "m": 1e6, "inch": 25_400.0,
}  # fmt: skip
"""Length of a unit."""

SECONDS = {
    "s": 1.0, "sec": 1.0, "ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3,
    "min": 60.0, "h": 3600.0, "hour": 3600.0, "hr": 3600.0, "d": 86_400.0,
}  # fmt: skip
"""Length of a unit of time, as OME and ImageJ write it."""

_MICROMETRE_NAMES = {"um", "µm", "μm", "micron", "microns", "micrometer", "micrometre"}
_NO_UNITS = {"", "pixel", "pixels", "px"}
_OTHER_NAMES = {
    "nanometer": "nm", "nanometre": "nm", "millimeter": "mm", "millimetre": "mm",
    "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m", "in": "inch",
    "angstrom": "Å", "å": "Å",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSize:
    """Distance between neighbouring pixels, in `unit`."""

    y: float
    x: float
    z: float | None = field(default=None, metadata=LATER)
    """Distance between the planes of a stack, where the file says so."""
    unit: str | None = field(default=MICROMETRE, metadata=LATER)
    """None where nobody says it: the lengths tell places and proportions only."""
    t: float | None = field(default=None, metadata=LATER)
    """Seconds between the frames of a stack, where the file says so."""

    def depth(self, unit: str) -> float | None:
        """From one plane to the next in this unit; None where nobody says it."""
        return self.z if self.unit == unit else None


def normalised_unit(unit: str) -> str | None:
    """One spelling per unit: "µm" for all that mean it; None for pixels."""
    plain = re.sub(r"\\u00b5", "µ", unit.strip(), flags=re.IGNORECASE)
    if plain.lower() in _MICROMETRE_NAMES:
        return MICROMETRE
    if plain.lower() in _NO_UNITS:
        return None
    return _OTHER_NAMES.get(plain.lower().removesuffix("s"), plain)


def in_one_unit(
    y: tuple[float, str], x: tuple[float, str], z: tuple[float, str] | None = None
) -> PixelSize | None:
    """Pixel size from lengths that each have their own unit.

    They stay as they are where all have the same unit, and become micrometres
    otherwise. None where Y and X cannot be told in one unit; a Z that does not fit is
    left out.
    """
    if y[1] != x[1]:
        down, across = _micrometres(y), _micrometres(x)
        if down is None or across is None:
            return None
        y, x = (down, MICROMETRE), (across, MICROMETRE)
    if z is not None and z[1] != y[1]:
        depth, down, across = _micrometres(z), _micrometres(y), _micrometres(x)
        if depth is None or down is None or across is None:
            return PixelSize(y=y[0], x=x[0], unit=y[1])
        y, x, z = (down, MICROMETRE), (across, MICROMETRE), (depth, MICROMETRE)
    return PixelSize(y=y[0], x=x[0], z=None if z is None else z[0], unit=y[1])


def _micrometres(length: tuple[float, str]) -> float | None:
    factor = MICROMETRES.get(length[1])
    # 0.325, not 0.32500000000000001 times what a factor adds
    return None if factor is None else float(f"{length[0] * factor:.12g}")
