"""How axes, pixel size and frame interval are kept in a TIFF of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.images.pixel_size import MICROMETRE, MICROMETRES

if TYPE_CHECKING:
    import numpy as np

    from napari_dinocell.engine.images.pixel_size import PixelSize

_LARGEST_CLASSIC_TIFF = 2**32 - 2**25


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
    if pixel_size is None:
        return {"metadata": letters}
    metadata: dict[str, Any] = dict(letters)
    if pixel_size.t is not None:
        metadata["finterval"] = pixel_size.t
    unit = _imagej_unit(pixel_size)
    scaled = pixel_size.unit is not None or (pixel_size.y, pixel_size.x) != (1, 1)
    if not scaled or not unit.isascii():
        return {"metadata": metadata}
    if unit:
        metadata["unit"] = unit
    if pixel_size.z is not None:
        metadata["spacing"] = pixel_size.z
    return {"resolution": (1 / pixel_size.x, 1 / pixel_size.y), "metadata": metadata}


def _imagej_unit(pixel_size: PixelSize) -> str:
    return "micron" if pixel_size.unit == MICROMETRE else pixel_size.unit or ""


def _ome_metadata(pixel_size: PixelSize | None) -> dict[str, Any]:
    if pixel_size is None:
        return {}
    metadata: dict[str, Any] = {}
    for axis in "XYZ":
        length = getattr(pixel_size, axis.lower())
        if length is not None:
            metadata[f"PhysicalSize{axis}"] = length
            unit = pixel_size.unit or "pixel"
            metadata[f"PhysicalSize{axis}Unit"] = "in" if unit == "inch" else unit
    if pixel_size.t is not None:
        metadata |= {"TimeIncrement": pixel_size.t, "TimeIncrementUnit": "s"}
    return metadata


def _per_centimetre(pixel_size: PixelSize | None) -> dict[str, Any]:
    if pixel_size is None or pixel_size.unit not in MICROMETRES:
        return {}
    per_centimetre = 1e4 / MICROMETRES[pixel_size.unit]
    return {
        "resolution": (per_centimetre / pixel_size.x, per_centimetre / pixel_size.y),
        "resolutionunit": "CENTIMETER",
    }
