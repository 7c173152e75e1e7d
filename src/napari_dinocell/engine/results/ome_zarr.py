"""Labels as OME-Zarr 0.5 of their own (https://ngff.openmicroscopy.org/0.5).

A pyramid in a folder, by the writer that puts labels into images, too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_dinocell.engine.images.ome_zarr.metadata import (
    Axis,
    Level,
    Multiscale,
    Transform,
)
from napari_dinocell.engine.images.ome_zarr.spacing import SPACE_UNITS
from napari_dinocell.engine.results.zarr_labels.layout import LabelLayout
from napari_dinocell.engine.results.zarr_labels.store import LabelStore

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack

SMALLEST_SIDE = 256
"""Levels of the pyramid are added until the longer side is at most this long."""


def write_ome_zarr(
    folder: Path, stack: LabelStack, *, pixel_size: PixelSize | None = None
) -> None:
    """Make a folder with a label image (uint32) and its pyramid.

    Each level has every second pixel of the one before, in each direction, so that ids
    are never mixed; the centres of those pixels stay where they are.
    """
    store = LabelStore.create(folder, _layout(stack, pixel_size))
    for page in stack.pages():
        store.write(page.index, page.labels)
    store.build_pyramid()


def is_label_image(folder: Path) -> bool:
    """Whether a folder is such a label image, and nothing else of the user's."""
    try:
        content = json.loads((folder / "zarr.json").read_text(encoding="utf-8"))
        return "image-label" in content["attributes"]["ome"]
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _layout(stack: LabelStack, pixel_size: PixelSize | None) -> LabelLayout:
    lengths = _pixel_lengths(stack.axes, pixel_size)
    levels, shapes = [], []
    for number in range(_level_count(stack)):
        step = 2**number
        scale = *lengths[:-2], *(length * step for length in lengths[-2:])
        levels.append(Level(str(number), Transform(scale)))
        shapes.append(_level_shape(stack, step))
    unit = None if pixel_size is None else SPACE_UNITS.get(pixel_size.unit or "")
    seconds = None if pixel_size is None or pixel_size.t is None else "second"
    axes = (
        Axis(name="t", letter="T", type="time", unit=seconds)
        if letter == "T"
        else Axis(name=letter.lower(), letter=letter, type="space", unit=unit)
        for letter in f"{stack.axes}YX"
    )
    return LabelLayout(
        multiscale=Multiscale(
            version="0.5", axes=tuple(axes), levels=tuple(levels), name="labels"
        ),
        shapes=tuple(shapes),
        in_image=False,
    )


def _level_count(stack: LabelStack) -> int:
    side, levels = max(stack.plane_shape), 1
    while side > SMALLEST_SIDE:
        side, levels = (side + 1) // 2, levels + 1
    return levels


def _level_shape(stack: LabelStack, step: int) -> tuple[int, ...]:
    height, width = (-(-length // step) for length in stack.plane_shape)
    return *stack.counts, height, width


def _pixel_lengths(axes: str, pixel_size: PixelSize | None) -> tuple[float, ...]:
    if pixel_size is None:
        return (1.0,) * (len(axes) + 2)
    known = {"T": pixel_size.t or 1.0, "Z": pixel_size.z or 1.0}
    return *(known[letter] for letter in axes), pixel_size.y, pixel_size.x
