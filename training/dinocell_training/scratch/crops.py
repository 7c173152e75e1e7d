"""Random crops of a sample: geometry on image and target, light on the image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.scratch.copy_paste import paste_cells
from dinocell_training.trainer.geometry import random_geometry
from dinocell_training.trainer.light import relit

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.scratch.config import AugmentConfig
    from dinocell_training.scratch.samples import Sample

ELASTIC_STEP = 48
"""Pixels between the points that an elastic deformation shifts."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One training example; arrays (S, S), float32 in [0, 1]."""

    image: NDArray[np.float32]
    target: NDArray[np.float32]
    verified: NDArray[np.float32]


def random_crop(
    sample: Sample,
    size: int,
    config: AugmentConfig,
    rng: Generator,
    *,
    donor: Sample | None = None,
) -> Crop:
    """A crop of `size` pixels, turned, flipped, zoomed and re-lit at random.

    The distance target is relative to each cell's own size, so that it may be
    resampled like an image instead of being computed anew.

    Parameters
    ----------
    donor
        Sample some of whose cells are put between those of the crop.
    """
    crop, _ = _cut(sample, size, config, rng)
    if donor is not None:
        other, to_donor = _cut(donor, size, config, rng)
        paste_cells(crop, other, _nearest(donor.labels, to_donor), rng)
    return replace(crop, image=relit(crop.image, config, rng))


def _cut(
    sample: Sample, size: int, config: AugmentConfig, rng: Generator
) -> tuple[Crop, NDArray[np.float32]]:
    """A crop in the light that it has, and (S, S, 2) where its pixels come from."""
    matrix = random_geometry(
        sample.image.shape, size, scale=config.scale, stretch=config.stretch, rng=rng
    )
    to_sample = _positions(matrix, size, config.elastic, rng)
    shown = sample.plain if rng.random() < config.without_clahe else sample.image
    # What lies beyond the image was never annotated.
    verified = _warp(sample.verified, to_sample, cv2.BORDER_CONSTANT)
    crop = Crop(
        image=_warp(shown, to_sample, cv2.BORDER_REFLECT_101),
        target=_warp(sample.target, to_sample, cv2.BORDER_REFLECT_101),
        verified=(verified > 0.99).astype(np.float32),
    )
    return crop, to_sample


def _positions(
    matrix: NDArray[np.float64], size: int, elastic: float, rng: Generator
) -> NDArray[np.float32]:
    """(S, S, 2) x and y in the sample for each pixel of the crop."""
    steps = np.arange(size, dtype=np.float32)
    crop = np.stack(np.meshgrid(steps, steps), axis=-1)
    if elastic > 0 and rng.random() < 0.5:
        points = size // ELASTIC_STEP + 2
        shifts = rng.uniform(-elastic, elastic, (points, points, 2)).astype(np.float32)
        crop += cv2.resize(shifts, (size, size), interpolation=cv2.INTER_CUBIC)
    positions: NDArray[np.float32] = cv2.transform(crop, matrix.astype(np.float32))
    return positions


def _warp(
    values: NDArray[np.uint8], to_sample: NDArray[np.float32], border: int
) -> NDArray[np.float32]:
    warped = cv2.remap(
        values, to_sample, None, interpolation=cv2.INTER_LINEAR, borderMode=border
    )
    unit: NDArray[np.float32] = warped.astype(np.float32) / 255
    return unit


def _nearest(
    labels: NDArray[np.int32], to_sample: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Ids at the pixels of a crop, 0 beyond the image."""
    height, width = labels.shape
    columns, rows = np.rint(to_sample).astype(np.intp).transpose(2, 0, 1)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found = np.zeros(inside.shape, np.int32)
    found[inside] = labels[rows[inside], columns[inside]]
    return found
