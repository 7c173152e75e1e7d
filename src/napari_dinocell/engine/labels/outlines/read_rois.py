"""ImageJ ROIs, one or a zip of them, as outlines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from roifile import ROI_TYPE, ImagejRoi, roiread

from napari_dinocell.engine.labels.outlines.outline import (
    Outline,
    Oval,
    Place,
    Polygon,
    id_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.labels.outlines.outline import Shape

_OPEN = (
    ROI_TYPE.LINE, ROI_TYPE.FREELINE, ROI_TYPE.POLYLINE, ROI_TYPE.ANGLE, ROI_TYPE.POINT,
    ROI_TYPE.NOROI,
)  # fmt: skip
"""What encloses nothing."""

_OUR_NAME = re.compile(r"(?:[a-z]\d{4,}-)*(\d+)")
"""`write_roi_zip` calls ROIs by their ids, after the page: 12, t0003-z0001-12."""


def read_rois(path: Path) -> tuple[list[Outline], int]:
    """Outlines, and how many ROIs enclose nothing."""
    found = roiread(path)
    rois = found if isinstance(found, list) else [found]
    shapes = [(roi, _shape(roi)) for roi in rois]
    outlines = [
        Outline(shape, _cell(roi), _place(roi)) for roi, shape in shapes if shape
    ]
    return outlines, len(rois) - len(outlines)


def _shape(roi: ImagejRoi) -> Shape | None:
    if roi.roitype in _OPEN:
        return None
    if roi.roitype == ROI_TYPE.OVAL:
        return _oval(roi)
    rings = [np.asarray(ring, np.float64) for ring in roi.coordinates(multi=True)]
    rings = [ring for ring in rings if len(ring) > 2]
    return Polygon(tuple(rings)) if rings else None


def _oval(roi: ImagejRoi) -> Oval | None:
    if roi.subpixelrect:
        oval = Oval(roi.yd, roi.xd, roi.heightd, roi.widthd)
    else:
        oval = Oval(roi.top, roi.left, roi.bottom - roi.top, roi.right - roi.left)
    return oval if oval.height > 0 and oval.width > 0 else None


def _cell(roi: ImagejRoi) -> int | None:
    name = _OUR_NAME.fullmatch(roi.name or "")
    return id_of(name.group(1)) if name else None


def _place(roi: ImagejRoi) -> Place:
    """Hyperstacks have slices and frames; other stacks number their pages."""
    t, z = (n - 1 if n > 0 else None for n in (roi.t_position, roi.z_position))
    if t is None and z is None and roi.position > 0:
        return Place(number=roi.position - 1)
    return Place(t=t, z=z)
