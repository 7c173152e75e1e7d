"""A picture to judge labels by: the image with the outlines of its cells."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Image, Mask

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]
    ColorImage: TypeAlias = NDArray[np.uint8]

PERCENTILES = (0.1, 99.9)
SAMPLED_PIXELS = 2**22
WIDE_OUTLINE_FROM = 1024
"""Images of that many rows or columns get outlines two pixels wide."""

GOLDEN_RATIO = 0.618034


def draw_overlay(image: Image, labels: AnyLabels) -> ColorImage:
    """Contrast-stretched image with one coloured outline per cell.

    Parameters
    ----------
    image
        (Y, X), or (Y, X, 3 or 4) RGB(A).
    labels
        (Y, X), 0 is background.

    Returns
    -------
    (Y, X, 3) RGB, uint8.
    """
    picture = _stretched(image[..., :3] if image.ndim == 3 else image)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., np.newaxis], 3, axis=2)
    outlines = find_outlines(labels)
    if max(labels.shape) >= WIDE_OUTLINE_FROM:
        inner = np.where(outlines, 0, labels)
        outlines |= find_outlines(inner)
    ids, rows = np.unique(labels[outlines], return_inverse=True)
    picture[outlines] = _colors(ids)[rows]
    return picture


def write_overlay(path: Path, image: Image, labels: AnyLabels) -> None:
    """Write `draw_overlay` as a PNG.

    Raises
    ------
    ExportError
        If the file cannot be written; a former one is untouched then.
    """
    picture = draw_overlay(image, labels)
    data = cv2.imencode(".png", picture[..., ::-1])[1]
    with replaced_file(path) as temporary:
        temporary.write_bytes(data.tobytes())


def find_outlines(labels: AnyLabels) -> Mask:
    """Pixels of cells (Y, X) that touch another id or background with one side."""
    outlines = np.zeros(labels.shape, dtype=bool)
    for axis in (0, 1):
        ahead = np.moveaxis(labels, axis, 0)
        found = np.moveaxis(outlines, axis, 0)
        changes = ahead[1:] != ahead[:-1]
        found[1:] |= changes
        found[:-1] |= changes
    return outlines & (labels > 0)


def _stretched(image: Image) -> ColorImage:
    """Image of any real dtype between two percentiles as uint8; NaN becomes 0."""
    step = max(1, int(np.sqrt(image.shape[0] * image.shape[1] / SAMPLED_PIXELS)))
    sample = image[::step, ::step].astype(np.float64)
    finite = sample[np.isfinite(sample)]
    low, high = np.percentile(finite, PERCENTILES) if finite.size else (0.0, 1.0)
    scale = 255 / (high - low) if high > low else 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and inf: set next
        stretched = (image.astype(np.float32) - np.float32(low)) * np.float32(scale)
    levels = np.nan_to_num(stretched, nan=0.0, posinf=255, neginf=0)
    return np.asarray(levels.clip(0, 255), dtype=np.uint8)


def _colors(ids: NDArray[Any]) -> ColorImage:
    """Bright colour per id (N, 3); neighbouring numbers get distant hues."""
    hues = (ids.astype(np.float64) * GOLDEN_RATIO) % 1
    colors = [colorsys.hsv_to_rgb(hue, 0.85, 1.0) for hue in hues]
    return (np.array(colors).reshape(-1, 3) * 255).astype(np.uint8)
