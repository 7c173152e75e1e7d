"""Labels as OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5): a pyramid in a folder.

Written with yaozarrs, which checks the metadata against the specification and brings
pydantic only; the other libraries that write 0.5 bring clients of cloud storage
(ome-zarr) or a WebAssembly runtime (ngff-zarr).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.images.pixel_size import MICROMETRE

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack

SMALLEST_SIDE = 256
"""Levels of the pyramid are added until the longer side is at most this long."""

CHUNK = 1024
"""Pixels along Y and X that are compressed together, one plane at a time."""

_UNIT_NAMES = {
    MICROMETRE: "micrometer",
    "nm": "nanometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
}


def write_ome_zarr(
    folder: Path, stack: LabelStack, *, pixel_size: PixelSize | None = None
) -> None:
    """Make a folder with a label image (uint32) and its pyramid.

    Each level has every second pixel of the one before, in each direction, so that ids
    are never mixed; the centres of those pixels stay where they are.
    """
    from yaozarrs.write.v05 import prepare_image

    levels = _level_count(stack)
    shapes = [_level_shape(stack, 2**level) for level in range(levels)]
    _, arrays = prepare_image(
        folder,
        _metadata(stack, levels, pixel_size),
        [(shape, np.uint32) for shape in shapes],
        writer="zarr",
        chunks=(*(1 for _ in stack.counts), CHUNK, CHUNK),
    )
    for page in stack.pages():
        for level in range(levels):
            step = 2**level
            arrays[str(level)][page.index] = page.labels[::step, ::step]


def is_label_image(folder: Path) -> bool:
    """Whether a folder is such a label image, and nothing else of the user's."""
    try:
        content = json.loads((folder / "zarr.json").read_text(encoding="utf-8"))
        return "image-label" in content["attributes"]["ome"]
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _level_count(stack: LabelStack) -> int:
    side, levels = max(stack.plane_shape), 1
    while side > SMALLEST_SIDE:
        side, levels = (side + 1) // 2, levels + 1
    return levels


def _level_shape(stack: LabelStack, step: int) -> tuple[int, ...]:
    height, width = (-(-length // step) for length in stack.plane_shape)
    return *stack.counts, height, width


def _metadata(stack: LabelStack, levels: int, pixel_size: PixelSize | None) -> Any:
    from yaozarrs import v05

    unit = None if pixel_size is None else _UNIT_NAMES.get(pixel_size.unit or "")
    seconds = None if pixel_size is None or pixel_size.t is None else "second"
    axes = [
        v05.TimeAxis(name="t", unit=seconds)
        if letter == "T"
        else _space_axis(letter, unit)
        for letter in f"{stack.axes}YX"
    ]
    lengths = _pixel_lengths(stack.axes, pixel_size)
    datasets = [
        v05.Dataset(
            path=str(level),
            coordinateTransformations=[
                v05.ScaleTransformation(
                    scale=[*lengths[:-2], *(n * 2.0**level for n in lengths[-2:])]
                )
            ],
        )
        for level in range(levels)
    ]
    scales = v05.Multiscale(name="labels", axes=axes, datasets=datasets)
    return v05.LabelImage.model_validate({"multiscales": [scales], "image-label": {}})


def _space_axis(letter: str, unit: str | None) -> Any:
    from yaozarrs import v05

    return v05.SpaceAxis(name=letter.lower(), unit=unit)


def _pixel_lengths(axes: str, pixel_size: PixelSize | None) -> list[float]:
    if pixel_size is None:
        return [1.0] * (len(axes) + 2)
    known = {"T": pixel_size.t or 1.0, "Z": pixel_size.z or 1.0}
    return [*(known[letter] for letter in axes), pixel_size.y, pixel_size.x]
