"""Labels layers to files, for napari's "Save Selected Layers" and `layers.save`.

One function per format, since napari tells a writer no more than the path, whose ending
the user may have left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_dinocell.session.replay.export_record import record_path, write_record
from napari_dinocell.widgets.export.layer import take_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    Meta: TypeAlias = Mapping[str, Any]


def write_tiff(path: str, data: Any, meta: Meta) -> list[str]:
    """Write ids as grey values, with the pixel size, as ImageJ reads them."""
    return _write(path, data, meta, "tif", ".tif", ".tiff")


def write_ome_tiff(path: str, data: Any, meta: Meta) -> list[str]:
    """Write ids as grey values with OME metadata."""
    return _write(path, data, meta, "ome.tif", ".ome.tif", ".ome.tiff")


def write_png(path: str, data: Any, meta: Meta) -> list[str]:
    """Write ids as grey values of 16 bit."""
    return _write(path, data, meta, "png", ".png")


def write_npy(path: str, data: Any, meta: Meta) -> list[str]:
    """Write the bare array."""
    return _write(path, data, meta, "npy", ".npy")


def write_ome_zarr(path: str, data: Any, meta: Meta) -> list[str]:
    """Write a folder with a pyramid of the labels."""
    return _write(path, data, meta, "ome.zarr", ".ome.zarr")


def write_rois(path: str, data: Any, meta: Meta) -> list[str]:
    """Write outlines for the ROI Manager of ImageJ."""
    return _write(path, data, meta, "roi", ".zip")


def write_geojson(path: str, data: Any, meta: Meta) -> list[str]:
    """Write outlines as detections for QuPath."""
    return _write(path, data, meta, "geojson", ".geojson")


def write_coco(path: str, data: Any, meta: Meta) -> list[str]:
    """Write masks as COCO JSON."""
    return _write(path, data, meta, "coco", ".json")


def _write(path: str, data: Any, meta: Meta, key: str, *endings: str) -> list[str]:
    """Write a layer, and beside it how its labels were made, if that is known.

    Parameters
    ----------
    path
        Gets the first ending if it has none of them. What stands there is replaced:
        napari's dialog has asked.
    data, meta
        Of a labels layer.
    key
        Of `FORMATS`.

    Returns
    -------
    What was written.

    Raises
    ------
    ExportError
        If the format cannot hold these labels, or they cannot be written.
    """
    from napari_dinocell.engine.results.export_labels import export_labels

    ending = next((e for e in endings if path.lower().endswith(e)), "")
    base = path[: len(path) - len(ending)] if ending else path
    target = Path(path if ending else f"{path}{endings[0]}")
    layer = take_labels(data, meta)
    export_labels(
        target,
        layer.labels,
        key,
        axes=layer.axes,
        pixel_size=layer.pixel_size,
        overwrite=True,
    )
    if layer.record is None:
        return [str(target)]
    sidecar = record_path(Path(base))
    write_record(sidecar, layer.record)
    return [str(target), str(sidecar)]
