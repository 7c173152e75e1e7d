"""Masks as COCO JSON (https://cocodataset.org/#format-data), one image per page.

Masks are run-length encoded and hence exact, which polygons in COCO's form are not:
those have neither holes nor parts that are cut out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.labels.label_stack import LabelStack

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]
    Numbers: TypeAlias = NDArray[np.int64]

CATEGORY = {"id": 1, "name": "cell", "supercategory": ""}


def write_coco(path: Path, stack: LabelStack, *, name: str) -> None:
    """Write one annotation per cell and page; `label` in it is the cell's id.

    Parameters
    ----------
    path
        A file.
    name
        File name of the image that was segmented; pages of a stack get their numbers.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    height, width = stack.plane_shape
    for page in stack.pages():
        image = {"id": len(images) + 1, "width": width, "height": height}
        at = dict(zip(stack.axes.lower(), page.index, strict=True))
        tag = "".join(f"_{axis}{index:04}" for axis, index in at.items())
        images.append(image | {"file_name": f"{name}{tag}.tif"} | at)
        for mask in encode_masks(page.labels):
            own = {"id": len(annotations) + 1, "image_id": image["id"]}
            annotations.append(
                own | {"category_id": CATEGORY["id"], "iscrowd": 0} | mask
            )
    content = {
        "images": images,
        "categories": [CATEGORY],
        "annotations": annotations,
    }
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def encode_masks(labels: AnyLabels) -> Iterator[dict[str, Any]]:
    """Label, segmentation, area and bounding box of each cell, in the order of ids.

    The segmentation is an uncompressed run-length encoding: lengths of the runs
    outside and inside the cell, in turn, column after column from the top left.
    """
    height, width = labels.shape
    cells, starts, ends = _runs(labels)
    firsts = np.flatnonzero(np.diff(cells, prepend=0))
    if firsts.size == 0:
        return
    inside, outside = ends - starts, starts - np.insert(ends[:-1], 0, 0)
    outside[firsts] = starts[firsts]
    counts = np.stack([outside, inside], axis=1).ravel().tolist()
    areas = np.add.reduceat(inside, firsts).tolist()
    boxes = _bounding_boxes(starts, ends, firsts, height).tolist()
    lasts = np.append(firsts[1:], len(cells))
    rest = (height * width - ends[lasts - 1]).tolist()
    spans = zip(firsts.tolist(), lasts.tolist(), strict=True)
    for number, (first, last) in enumerate(spans):
        own = counts[2 * first : 2 * last]
        if rest[number]:
            own.append(rest[number])
        yield {
            "label": int(cells[first]),
            "segmentation": {"size": [height, width], "counts": own},
            "area": areas[number],
            "bbox": boxes[number],
        }


def _runs(labels: AnyLabels) -> tuple[Numbers, Numbers, Numbers]:
    """Id, start and end of each run of one id down the columns, sorted by id."""
    flat = labels.ravel(order="F")
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    ends = np.append(starts[1:], flat.size)
    cells = flat[starts].astype(np.int64)
    order = np.argsort(cells, kind="stable")
    order = order[cells[order] > 0]
    return cells[order], starts[order], ends[order]


def _bounding_boxes(
    starts: Numbers, ends: Numbers, firsts: Numbers, height: int
) -> Numbers:
    """[x, y, width, height] (N, 4) of runs, some of which go on in the next column."""
    lasts = ends - 1
    crossing = starts // height != lasts // height
    tops = np.where(crossing, 0, starts % height)
    bottoms = np.where(crossing, height, lasts % height + 1)
    left = starts[firsts] // height
    right = lasts[np.append(firsts[1:], len(starts)) - 1] // height
    top = np.minimum.reduceat(tops, firsts)
    bottom = np.maximum.reduceat(bottoms, firsts)
    return np.stack([left, top, right - left + 1, bottom - top], axis=1)
