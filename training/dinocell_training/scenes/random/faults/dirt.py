"""What lies about besides cells: specks, fibres, stripes. None of it has a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.scenes.random.fields import log_uniform
from dinocell_training.scenes.random.labels.outlines import walk

if TYPE_CHECKING:
    from numpy.random import Generator

    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Shape2D

SUBPIXELS = 4


def dirt(rng: Generator, shape: Shape2D, size: float) -> Field:
    """Specks and fibres (Y, X), in [-1, 1], 0 where it is clean.

    Parameters
    ----------
    size
        Radius of a speck in pixels that no one takes for a cell.
    """
    plane = np.zeros(shape, np.float32)
    for _ in range(rng.poisson(6)):
        _speck(rng, plane, size * rng.uniform(0.3, 1))
    for _ in range(rng.poisson(0.6)):
        _fibre(rng, plane)
    return plane


def stripes(rng: Generator, shape: Shape2D) -> Field:
    """Lines of a scanner or of a lamp that flickers, deviation about 1."""
    along = int(rng.integers(2))
    lines = rng.standard_normal(shape[along]).astype(np.float32)
    if rng.random() < 0.5:
        period = log_uniform(rng, 3, 40)
        lines = np.sin(np.arange(shape[along], dtype=np.float32) * 2 * np.pi / period)
    field: Field = np.broadcast_to(lines[:, None] if along == 0 else lines, shape)
    return field


def _speck(rng: Generator, plane: Field, radius: float) -> None:
    height, width = plane.shape
    y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
    reach = int(3 * radius) + 1
    top, left = max(0, y - reach), max(0, x - reach)
    part = plane[top : y + reach, left : x + reach]
    rows, columns = np.indices(part.shape, dtype=np.float32)
    squared = (rows - (y - top)) ** 2 + (columns - (x - left)) ** 2
    part += rng.choice([-1, 1]) * np.exp(
        -squared / np.float32(2 * (radius / 2) ** 2 + 0.1)
    )


def _fibre(rng: Generator, plane: Field) -> None:
    height, width = plane.shape
    middle = float(rng.uniform(0, width)), float(rng.uniform(0, height))
    length = rng.uniform(0.3, 1.5) * max(plane.shape)
    points = walk(rng, middle, rng.uniform(0, np.pi), length, bend=rng.uniform(0, 3))
    line = np.zeros(plane.shape, np.float32)
    fixed = np.rint(points * 2**SUBPIXELS).astype(np.int32)
    cv2.polylines(
        line, [fixed], False, 1.0, int(rng.integers(1, 4)), cv2.LINE_AA, SUBPIXELS
    )
    plane += rng.uniform(-0.7, 0.7) * cv2.GaussianBlur(
        line, (0, 0), rng.uniform(0.5, 2)
    )
