"""COCO JSON as outlines: polygons, and masks of both codings."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.labels.outlines.outline import (
    Outline,
    Parts,
    Place,
    Polygon,
    Runs,
    id_of,
    page_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.arrays import Shape2D
    from napari_dinocell.engine.labels.outlines.outline import Shape


def read_annotations(
    content: dict[str, Any], image: str | None
) -> tuple[list[Outline], int, Shape2D | None]:
    """Outlines, how many annotations enclose nothing, and height and width.

    Parameters
    ----------
    image
        Name without suffix. Of a file about several images its own annotations are
        taken; where none is of this name, the images are the pages of a stack.
    """
    images = content["images"]
    named = [one for one in images if PurePath(str(one.get("file_name"))).stem == image]
    images = named or images
    places = {one["id"]: _place(one, n, len(images)) for n, one in enumerate(images)}
    outlines, others = [], 0
    for annotation in content["annotations"]:
        if annotation["image_id"] not in places:
            continue
        shape = _shape(annotation.get("segmentation"))
        if shape is None:
            others += 1
            continue
        cell = annotation.get("label", annotation.get("id"))
        place = places[annotation["image_id"]]
        outlines.append(Outline(shape, id_of(cell), place))
    sizes = [(int(one["height"]), int(one["width"])) for one in images]
    height, width = np.max(sizes, axis=0) if sizes else (0, 0)
    return outlines, others, (int(height), int(width)) if sizes else None


def _place(image: dict[str, Any], number: int, count: int) -> Place:
    if "t" in image or "z" in image:  # as `write_coco` has it
        return Place(t=page_of(image.get("t")), z=page_of(image.get("z")))
    return Place(number=number if count > 1 else None)


def _shape(segmentation: Any) -> Shape | None:
    if isinstance(segmentation, dict):
        height, width = segmentation["size"]
        counts = segmentation["counts"]
        runs = decode_counts(counts) if isinstance(counts, str) else counts
        return _runs((int(height), int(width)), tuple(map(int, runs)))
    parts = [
        Polygon((np.array(part, np.float64).reshape(-1, 2),))
        for part in segmentation or []
        if len(part) >= 6
    ]
    return Parts(tuple(parts)) if parts else None


def _runs(size: Shape2D, counts: tuple[int, ...]) -> Runs:
    if min((*size, *counts), default=0) < 0 or sum(counts) != size[0] * size[1]:
        raise ValueError(f"the runs of a mask are not those of {size[0]} x {size[1]}")
    return Runs(size, counts)


def decode_counts(text: str) -> Sequence[int]:
    """Run lengths out of COCO's compressed form: 5 bits a character, lowest first.

    From the third on each is told as the difference to the one two before it
    (`rleFrString` in maskApi.c of cocoapi, Simplified BSD License).
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts
