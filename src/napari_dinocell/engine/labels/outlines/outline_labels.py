"""A file of outlines as labels (..., Y, X), each page filled when it is asked for."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.labels.outlines.read_coco import read_annotations
from napari_dinocell.engine.labels.outlines.read_geojson import read_features
from napari_dinocell.engine.labels.outlines.read_rois import read_rois

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.labels.outlines.outline import Outline

ROI_SUFFIXES = (".zip", ".roi")
OUTLINE_SUFFIXES = (*ROI_SUFFIXES, ".geojson", ".json")

LARGEST_STACK = 2**28
"""Pixels; outlines that reach farther need their image to say how large it is."""


class OutlineLabels:
    """Labels of outlines; of two that overlap the later one has the pixels.

    Parameters
    ----------
    axes, counts
        Letter and length of each axis before Y and X.
    plane_shape
        (Y, X) of the image.
    """

    dtype = np.dtype(np.uint32)

    def __init__(
        self,
        outlines: Sequence[Outline],
        axes: str,
        counts: tuple[int, ...],
        plane_shape: Shape2D,
    ) -> None:
        self.shape = (*counts, *plane_shape)
        self.axes = axes
        self._outlines = outlines
        self._counts = counts
        self._plane_shape = plane_shape

    def __getitem__(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Ids (Y, X) of a page: those of the file where each is there but once."""
        here = [
            outline
            for outline in self._outlines
            if outline.place.on(index, self.axes, self._counts)
        ]
        cells = [outline.cell for outline in here]
        told = None not in cells and len(set(cells)) == len(cells)
        numbers = cells if told else range(1, len(cells) + 1)
        labels = np.zeros(self._plane_shape, np.uint64)
        for number, outline in zip(numbers, here, strict=True):
            rows, columns, inside = outline.shape.fill(self._plane_shape)
            labels[rows, columns][inside] = number or 0
        return labels if labels.max(initial=0) >= 2**32 else labels.astype(np.uint32)


def read_outlines(path: Path, image: ImageFile | None) -> tuple[OutlineLabels, str]:
    """Labels of a file of outlines, and what was left out.

    Parameters
    ----------
    image
        What was outlined: its planes and pages are those of the labels. Without, they
        reach as far as the outlines do.

    Raises
    ------
    ImageFileError
        If the file is damaged, of another kind, or its outlines reach too far.
    """
    with naming_file(path):
        outlines, others, size = _read(path, image)
        reach = _reach(outlines)
        if image is not None:
            axes, counts = image.page_axes, image.page_counts
            size = image.plane_shape
        else:
            axes, counts = _pages(outlines)
            size = size or reach
        pixels = math.prod((*counts, *size))
        if image is None and pixels > LARGEST_STACK:
            raise ImageFileError(
                f"The outlines in {path} reach over {pixels} pixels. Name the "
                "image that they belong to, which says how large it is."
            )
    note = f"{others} outlines of {path.name} enclose nothing and are left out."
    return OutlineLabels(outlines, axes, counts, size), note if others else ""


def _read(
    path: Path, image: ImageFile | None
) -> tuple[list[Outline], int, Shape2D | None]:
    if path.suffix.lower() in ROI_SUFFIXES:
        return *read_rois(path), None
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if isinstance(content, dict) and "annotations" in content:
        return read_annotations(content, None if image is None else image.path.stem)
    if isinstance(content, list) or (isinstance(content, dict) and "type" in content):
        return *read_features(content), None
    raise ImageFileError(
        f"Expected outlines as GeoJSON or COCO in {path}, got other JSON. Give the "
        "file of the outlines."
    )


def _pages(outlines: Sequence[Outline]) -> tuple[str, tuple[int, ...]]:
    """Axes before Y and X and their lengths, as far as outlines reach."""
    places = [outline.place for outline in outlines]
    if any(place.number is not None for place in places):
        return "Q", (1 + max(place.number or 0 for place in places),)
    t, z = (
        1 + max((getattr(place, axis) or 0 for place in places), default=0)
        for axis in "tz"
    )
    lengths = {axis: length for axis, length in (("T", t), ("Z", z)) if length > 1}
    return "".join(lengths), tuple(lengths.values())


def _reach(outlines: Sequence[Outline]) -> Shape2D:
    if not outlines:
        return 1, 1
    extents = np.array([outline.shape.extent for outline in outlines])
    if not np.isfinite(extents).all():
        raise ValueError("a coordinate is no finite number")
    height, width = np.ceil(extents.max(axis=0)).clip(1, None)
    return int(height), int(width)
