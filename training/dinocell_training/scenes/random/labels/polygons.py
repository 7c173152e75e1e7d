"""Confluent cells: polygons that share their borders, as in epithelia and plants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import edt
import numpy as np

from dinocell_training.scenes.label_plane import one_piece_each, renumbered
from dinocell_training.scenes.random.fields import waves
from dinocell_training.scenes.random.labels.places import in_rows, scattered

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels, Shape2D


def polygons(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """A plane divided between points, with curved borders; some cells are missing."""
    stretch = float(rng.uniform(1, 1.8))
    narrow = (shape[0], round(shape[1] / stretch))
    nearest = _nearest_point(rng, narrow, diameter / np.sqrt(stretch))
    height, width = shape
    labels = cv2.resize(nearest, (width, height), interpolation=cv2.INTER_NEAREST)
    labels = _bent(rng, labels, diameter)
    if rng.random() < 0.5:
        gap = rng.uniform(0.5, 2.5)
        labels[edt.edt(labels, black_border=False) < gap] = 0
    missing = rng.random(int(labels.max()) + 1) < rng.choice([0, 0, 0.1, 0.4])
    labels[missing[labels]] = 0
    return renumbered(one_piece_each(labels))


def _nearest_point(rng: Generator, shape: Shape2D, spacing: float) -> NDArray[np.int32]:
    """Number of the nearest of some points, from 1, for each pixel (Y, X)."""
    free = np.ones(shape, np.uint8)
    regular = rng.random() < 0.5
    points = (
        in_rows(rng, shape, spacing, jitter=0.3)
        if regular
        else scattered(rng, shape, spacing, clumps=0)
    )
    for x, y in points:
        row, column = round(y), round(x)
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            free[row, column] = 0
    _, numbers = cv2.distanceTransformWithLabels(
        free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest: NDArray[np.int32] = numbers.astype(np.int32)
    return nearest


def _bent(rng: Generator, labels: NDArray[np.int32], diameter: float) -> Labels:
    """The same cells with borders that are no straight lines."""
    height = np.float32(diameter * rng.uniform(0, 0.08))
    grid = np.indices(labels.shape, dtype=np.float32)
    rows = grid[0] + height * waves(rng, labels.shape, diameter / 2)
    columns = grid[1] + height * waves(rng, labels.shape, diameter / 2)
    bent: Labels = cv2.remap(
        labels.astype(np.float32),
        columns,
        rows,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.int32)
    return bent
