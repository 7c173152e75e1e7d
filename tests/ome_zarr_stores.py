"""OME-Zarr as other programs write it, made with zarr alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import zarr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

TYPES = {"t": "time", "c": "channel"}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


def write_image(
    path: Path,
    pixels: np.ndarray,
    axes: str,
    *,
    version: str = "0.5",
    scale: Sequence[float] | None = None,
    levels: int = 1,
    units: bool = True,
    chunks: Sequence[int] | None = None,
) -> Path:
    """Write an image with levels that have every second pixel along y and x."""
    v04 = version == "0.4"
    scale = list(scale or [1.0] * len(axes))
    datasets: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for level in range(levels):
        step = 2**level
        shrunk = [step if axis in "yx" else 1 for axis in axes]
        arrays[f"s{level}"] = pixels[tuple(slice(None, None, n) for n in shrunk)]
        sizes = [a * n for a, n in zip(scale, shrunk, strict=True)]
        step_to_place = [{"type": "scale", "scale": sizes}]
        datasets.append(
            {"path": f"s{level}", "coordinateTransformations": step_to_place}
        )
    described = [
        {"name": axis, "type": TYPES.get(axis, "space")}
        | ({"unit": UNITS[axis]} if units and axis in UNITS else {})
        for axis in axes
    ]
    scales: dict[str, Any] = {"axes": described, "datasets": datasets, "name": "image"}
    if v04:
        write_group(path, {"multiscales": [scales | {"version": "0.4"}]}, version)
    else:
        write_group(path, {"multiscales": [scales]}, version)
    for name, array in arrays.items():
        zarr.create_array(
            str(path / name),
            data=array,
            chunks=tuple(chunks) if chunks else array.shape,
            zarr_format=2 if v04 else 3,
            **(
                {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
                if v04
                else {"dimension_names": list(axes)}
            ),
        )
    return path


def write_group(path: Path, ome: dict[str, Any], version: str = "0.5") -> Path:
    """Write a group with metadata where the version has them."""
    attributes = ome if version == "0.4" else {"ome": {"version": version} | ome}
    zarr_format: Any = 2 if version == "0.4" else 3
    zarr.create_group(str(path), zarr_format=zarr_format, attributes=attributes)
    return path


def write_plate(
    path: Path, wells: dict[str, list[np.ndarray]], *, version: str = "0.5"
) -> Path:
    """Write a plate whose wells hold images (Y, X)."""
    rows = sorted({well.split("/")[0] for well in wells})
    columns = sorted({well.split("/")[1] for well in wells})
    own = {"version": version} if version == "0.4" else {}
    plate = {
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": name} for name in columns],
        "wells": [
            {
                "path": well,
                "rowIndex": rows.index(well.split("/")[0]),
                "columnIndex": columns.index(well.split("/")[1]),
            }
            for well in wells
        ],
        **own,
    }
    write_group(path, {"plate": plate}, version)
    for row in rows:
        zarr.create_group(str(path / row), zarr_format=2 if version == "0.4" else 3)
    for well, fields in wells.items():
        images = [{"path": str(number)} for number in range(len(fields))]
        write_group(path / well, {"well": {"images": images, **own}}, version)
        for number, pixels in enumerate(fields):
            write_image(path / well / str(number), pixels, "yx", version=version)
    return path


def snapshot(folder: Path) -> dict[str, str]:
    """Every file and folder of a store, with the content of the files."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "/"
        )
        for path in sorted(folder.rglob("*"))
    }
