"""Physical size of a pixel: read from TIFF metadata, written back beside labels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from napari_dinocell.engine.records import LATER

if TYPE_CHECKING:
    import numpy as np
    import tifffile

MICROMETRE = "µm"

_MICROMETRE_NAMES = {"um", "µm", "μm", "micron", "microns", "micrometer", "micrometre"}
_NO_UNITS = {"", "pixel", "pixels", "px"}
_MICROMETRES = {MICROMETRE: 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
_LARGEST_CLASSIC_TIFF = 2**32 - 2**25
_CENTIMETRE = 3
"""Value of the ResolutionUnit tag (TIFF 6.0, page 18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSize:
    """Distance between neighbouring pixels, in `unit`."""

    y: float
    x: float
    z: float | None = field(default=None, metadata=LATER)
    """Distance between the planes of a stack, where the file says so."""
    unit: str = field(default=MICROMETRE, metadata=LATER)


def read_pixel_size(tiff: tifffile.TiffFile) -> PixelSize | None:
    """Pixel size of an open TIFF; None where it states none.

    Read from OME-XML, from ImageJ metadata, or from a resolution per centimetre.
    A resolution per inch is a printing default and says nothing about the specimen.
    """
    if tiff.is_ome and tiff.ome_metadata:
        return _from_ome(tiff.ome_metadata)
    metadata = tiff.imagej_metadata or {}
    unit = normalised_unit(str(metadata.get("unit", "")))
    per_pixel = _pixels_per_unit(tiff.pages.first)
    if per_pixel is None:
        return None
    if tiff.is_imagej:
        if unit is None:
            return None
        spacing = _positive(metadata.get("spacing"))
        return PixelSize(y=1 / per_pixel[0], x=1 / per_pixel[1], z=spacing, unit=unit)
    if tiff.pages.first.resolutionunit == _CENTIMETRE:
        return PixelSize(y=1e4 / per_pixel[0], x=1e4 / per_pixel[1])
    return None


def tiff_metadata(
    axes: str,
    dtype: np.dtype[Any],
    size: int,
    pixel_size: PixelSize | None,
    *,
    ome: bool = False,
) -> dict[str, Any]:
    """Keyword arguments for `tifffile.imwrite` that keep axes and pixel size.

    ImageJ's form wherever it can hold the labels: 16 bit, below 4 GB, T and Z axes.
    Else OME-XML where the axes allow it, and a plain TIFF with a resolution per
    centimetre for axes of unknown meaning.

    Parameters
    ----------
    axes
        Letters of the axes before Y and X.
    dtype, size
        Of the labels; size in bytes, uncompressed.
    pixel_size
        None writes none.
    ome
        Prefers OME-XML to ImageJ's form.
    """
    letters = {"axes": f"{axes}YX"}
    large = {"bigtiff": size > _LARGEST_CLASSIC_TIFF}
    small = dtype.itemsize == 2 and not large["bigtiff"]
    if small and axes in ("", "T", "Z", "TZ") and not ome:
        return {"imagej": True, **_imagej_metadata(letters, pixel_size)}
    if set(axes) <= {"T", "Z"}:
        return {"ome": True, "metadata": letters | _ome_metadata(pixel_size)} | large
    return {"metadata": letters, **_per_centimetre(pixel_size)} | large


def _imagej_metadata(
    letters: dict[str, str], pixel_size: PixelSize | None
) -> dict[str, Any]:
    if pixel_size is None or not _imagej_unit(pixel_size).isascii():
        return {"metadata": letters}
    spacing = {} if pixel_size.z is None else {"spacing": pixel_size.z}
    return {
        "resolution": (1 / pixel_size.x, 1 / pixel_size.y),
        "metadata": letters | {"unit": _imagej_unit(pixel_size)} | spacing,
    }


def _imagej_unit(pixel_size: PixelSize) -> str:
    return "micron" if pixel_size.unit == MICROMETRE else pixel_size.unit


def _ome_metadata(pixel_size: PixelSize | None) -> dict[str, Any]:
    if pixel_size is None:
        return {}
    metadata: dict[str, Any] = {}
    for axis in "XYZ":
        length = getattr(pixel_size, axis.lower())
        if length is not None:
            metadata[f"PhysicalSize{axis}"] = length
            metadata[f"PhysicalSize{axis}Unit"] = pixel_size.unit
    return metadata


def _per_centimetre(pixel_size: PixelSize | None) -> dict[str, Any]:
    if pixel_size is None or pixel_size.unit not in _MICROMETRES:
        return {}
    per_centimetre = 1e4 / _MICROMETRES[pixel_size.unit]
    return {
        "resolution": (per_centimetre / pixel_size.x, per_centimetre / pixel_size.y),
        "resolutionunit": "CENTIMETER",
    }


def normalised_unit(unit: str) -> str | None:
    """One spelling per unit: "µm" for all that mean it; None for pixels."""
    plain = re.sub(r"\\u00b5", "µ", unit.strip(), flags=re.IGNORECASE)
    if plain.lower() in _MICROMETRE_NAMES:
        return MICROMETRE
    return None if plain.lower() in _NO_UNITS else plain


def _from_ome(xml: str) -> PixelSize | None:
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    pixels = root.find(".//{*}Pixels")
    if pixels is None:
        return None
    y, x, z = (_positive(pixels.get(f"PhysicalSize{axis}")) for axis in "YXZ")
    unit = normalised_unit(pixels.get("PhysicalSizeXUnit", MICROMETRE))
    if y is None or x is None or unit is None:
        return None
    return PixelSize(y=y, x=x, z=z, unit=unit)


def _pixels_per_unit(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Resolution tags as (Y, X); None when absent or still at their default of 1."""
    if "XResolution" not in page.tags or "YResolution" not in page.tags:
        return None
    x, y = (_positive(value) for value in page.resolution)
    if x is None or y is None or x == y == 1:
        return None
    return y, x


def _positive(value: Any) -> float | None:
    """A usable length, or None: metadata can hold zero, NaN or text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None
