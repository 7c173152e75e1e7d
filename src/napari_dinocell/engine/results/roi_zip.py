"""Outlines as a zip of ImageJ ROIs, for the ROI Manager of ImageJ and Fiji."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
from roifile import ROI_TYPE, ImagejRoi

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.results.label_polygons import find_polygons

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dinocell.engine.labels.label_stack import LabelPage, LabelStack
    from napari_dinocell.engine.results.label_polygons import CellPolygons, Ring

LARGEST_SIDE = 60_535
"""Pixels; ImageJ takes 16 bit numbers above it for negative ones (`RoiDecoder`)."""

_MOVE, _LINE, _CLOSE = 0, 1, 4
"""Steps of a path, as java.awt.geom.PathIterator counts them."""


def write_roi_zip(path: Path, stack: LabelStack) -> None:
    """Write one ROI per cell and page, named by the cell's id and, in stacks, the page.

    Raises
    ------
    ExportError
        If the plane is larger than the coordinates of a ROI.
    """
    if max(stack.plane_shape) > LARGEST_SIDE:
        raise ExportError(
            f"ImageJ ROIs reach up to {LARGEST_SIDE} pixels, and the labels have "
            f"{stack.plane_shape[0]} x {stack.plane_shape[1]}. Export GeoJSON instead."
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, page in enumerate(stack.pages(), start=1):
            for outline in find_polygons(page.labels):
                roi = _to_roi(outline)
                _place(roi, stack.axes, page, number)
                archive.writestr(f"{roi.name}.roi", roi.tobytes())


def _to_roi(outline: CellPolygons) -> ImagejRoi:
    """What ImageJ's wand would give, or a composite where there are several rings."""
    rings = [ring for part in outline.parts for ring in (part.exterior, *part.holes)]
    # of few points: numpy would take longer
    columns, rows = zip(*(point for ring in rings for point in ring), strict=True)
    left, top, right, bottom = min(columns), min(rows), max(columns), max(rows)
    roi = ImagejRoi(
        name=str(outline.cell),
        left=left,
        top=top,
        right=right,
        bottom=bottom,
    )
    if len(rings) == 1:
        roi.roitype = ROI_TYPE.TRACED
        roi.integer_coordinates = np.subtract(rings[0], (left, top), dtype=np.int32)
        roi.n_coordinates = len(rows)
    else:
        roi.roitype = ROI_TYPE.RECT  # together with a path: a composite
        roi.multi_coordinates = _path(rings)
        roi.shape_roi_size = len(roi.multi_coordinates)
    return roi


def _path(rings: Iterable[Ring]) -> np.ndarray:
    steps: list[int] = []
    for first, *others in rings:
        steps += (_MOVE, *first)
        for point in others:
            steps += (_LINE, *point)
        steps.append(_CLOSE)
    return np.array(steps, dtype=np.float32)


def _place(roi: ImagejRoi, axes: str, page: LabelPage, number: int) -> None:
    """Note the slice; hyperstacks count channels, depth and time, others slices."""
    if not axes:
        return
    roi.name = (
        "-".join(
            f"{axis.lower()}{at + 1:04}"
            for axis, at in zip(axes, page.index, strict=True)
        )
        + f"-{roi.name}"
    )
    if len(axes) == 1:
        roi.position = number
    else:
        roi.c_position, roi.z_position, roi.t_position = 1, page.z + 1, page.t + 1
