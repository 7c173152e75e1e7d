"""Pixel size out of what programs write into TIFF files."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from napari_dinocell.engine.images.pixel_size import (
    MICROMETRE,
    SECONDS,
    PixelSize,
    in_one_unit,
    normalised_unit,
)

if TYPE_CHECKING:
    import tifffile

_INCH, _CENTIMETRE = 2, 3
"""Values of the ResolutionUnit tag (TIFF 6.0, page 18)."""

_FINEST_PRINT = 9_600
"""Dots per inch. Resolutions up to it are printing and scanning defaults, and say
nothing about a specimen: its pixels would be 2.6 µm or larger."""

_MICROMETRES_IN_TEXT = re.compile(
    r"\b(?:MPP|Pixel_?Size_?(?:Um|µm))\\?[\"']?\s*[=:]\s*\\?[\"']?"
    r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)",
    re.IGNORECASE,
)
"""Aperio's `MPP = 0.252`, Micro-Manager's `"PixelSizeUm": 0.325` and `PixelSize_um`."""

_MICROMANAGER_TAG = 51_123


def read_pixel_size(tiff: tifffile.TiffFile, number: int = 0) -> PixelSize | None:
    """Pixel size of an open TIFF, of its series of this number; None for none.

    Read from OME-XML, ImageJ's, Zeiss', MetaMorph's, Aperio's and Micro-Manager's
    metadata, or from a resolution per centimetre or inch that is no printing default.
    """
    if tiff.is_ome and tiff.ome_metadata:
        return _from_ome(tiff.ome_metadata, number)
    if tiff.is_imagej:
        found = _from_imagej(tiff)
    elif tiff.is_lsm:
        found = _from_lsm(tiff.lsm_metadata or {})
    elif tiff.is_stk:
        found = _from_stk(tiff.stk_metadata or {})
    else:
        found = _from_resolution(tiff.pages.first)
    if found is None or found.unit is None:
        side = _from_text(tiff)
        if side is not None:
            time = None if found is None else found.t
            return PixelSize(y=side, x=side, t=time)
    return found


def _from_ome(xml: str, number: int) -> PixelSize | None:
    """Of the image of this number in the file."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    images = root.findall(".//{*}Pixels")
    if not images:
        return None
    pixels = images[number] if number < len(images) else images[0]
    time = _positive(pixels.get("TimeIncrement"))
    if time is not None:
        time *= SECONDS.get(pixels.get("TimeIncrementUnit", "s"), 1.0)
    y, x, z = (_ome_length(pixels, axis) for axis in "YXZ")
    if y is None or x is None:
        return _with_time(None, time)
    if y[1] is None or x[1] is None:
        same = y[1] is x[1]
        size = PixelSize(y=y[0], x=x[0], z=z and z[0], unit=None) if same else None
        return _with_time(size, time)
    depth = None if z is None or z[1] is None else (z[0], z[1])
    return _with_time(in_one_unit((y[0], y[1]), (x[0], x[1]), depth), time)


def _ome_length(
    pixels: ElementTree.Element, axis: str
) -> tuple[float, str | None] | None:
    length = _positive(pixels.get(f"PhysicalSize{axis}"))
    unit = pixels.get(f"PhysicalSize{axis}Unit", MICROMETRE)
    return None if length is None else (length, normalised_unit(unit))


def _from_imagej(tiff: tifffile.TiffFile) -> PixelSize | None:
    metadata = tiff.imagej_metadata or {}
    time = _positive(metadata.get("finterval"))
    if time is not None:
        time *= SECONDS.get(str(metadata.get("tunit", "s")).lower(), 1.0)
    per_pixel = _pixels_per_unit(tiff.pages.first)
    if per_pixel is None:
        return _with_time(None, time)
    spacing = _positive(metadata.get("spacing"))
    own = metadata.get("unit")
    unit = normalised_unit(str(own or ""))
    y, x = 1 / per_pixel[0], 1 / per_pixel[1]
    if unit is None:
        scaled = own is None  # "pixel" says that there is no scale
        size = PixelSize(y=y, x=x, z=spacing, unit=None) if scaled else None
        return _with_time(size, time)
    y_unit, z_unit = (
        normalised_unit(str(metadata.get(name) or own)) or unit
        for name in ("yunit", "zunit")
    )
    depth = None if spacing is None else (spacing, z_unit)
    return _with_time(in_one_unit((y, y_unit), (x, unit), depth), time)


def _with_time(size: PixelSize | None, time: float | None) -> PixelSize | None:
    """Add the time between frames; alone, it goes with pixels of no known size."""
    if time is None:
        return size
    return replace(size or PixelSize(y=1, x=1, unit=None), t=time)


def _from_lsm(metadata: dict[str, Any]) -> PixelSize | None:
    """Zeiss writes metres and seconds."""
    y, x, z = (_positive(metadata.get(f"VoxelSize{axis}")) for axis in "YXZ")
    time = _positive(metadata.get("TimeIntervall"))  # their spelling
    if y is None or x is None:
        return _with_time(None, time)
    depth = None if z is None else (z, "m")
    size = in_one_unit((y, "m"), (x, "m"), depth)
    return _with_time(None if size is None else _metres_in_micrometres(size), time)


def _metres_in_micrometres(size: PixelSize) -> PixelSize:
    """Lengths in metres, as micrometres."""
    y, x = (float(f"{length * 1e6:.12g}") for length in (size.y, size.x))
    z = None if size.z is None else float(f"{size.z * 1e6:.12g}")
    return PixelSize(y=y, x=x, z=z)


def _from_stk(metadata: dict[str, Any]) -> PixelSize | None:
    """MetaMorph states lengths that were calibrated, and others."""
    y, x = (_positive(metadata.get(f"{axis}Calibration")) for axis in "YX")
    unit = normalised_unit(str(metadata.get("CalibrationUnits") or ""))
    if not metadata.get("SpatialCalibration") or y is None or x is None or not unit:
        return None
    return PixelSize(y=y, x=x, unit=unit)


def _from_resolution(page: tifffile.TiffPage) -> PixelSize | None:
    per_pixel = _pixels_per_unit(page)
    if per_pixel is None:
        return None
    if page.resolutionunit == _CENTIMETRE:
        return PixelSize(y=1e4 / per_pixel[0], x=1e4 / per_pixel[1])
    if page.resolutionunit == _INCH and min(per_pixel) > _FINEST_PRINT:
        y, x = (float(f"{25_400 / count:.6g}") for count in per_pixel)
        return PixelSize(y=y, x=x)
    return None


def _from_text(tiff: tifffile.TiffFile) -> float | None:
    """Micrometres per pixel, as some programs write it among other text."""
    page = tiff.pages.first
    texts = [page.description]
    if _MICROMANAGER_TAG in page.tags:
        texts.append(str(page.tags[_MICROMANAGER_TAG].value))
    if tiff.is_imagej:
        texts.append(str((tiff.imagej_metadata or {}).get("Info", "")))
    if tiff.is_micromanager:
        texts.append(str((tiff.micromanager_metadata or {}).get("Summary", "")))
    found = (_MICROMETRES_IN_TEXT.search(text) for text in texts)
    lengths = (_positive(match.group(1)) for match in found if match)
    return next((length for length in lengths if length is not None), None)


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
