"""Fast random fields: coarse noise, enlarged. Not periodic, and good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Shape2D


def waves(rng: Generator, shape: Shape2D, period: float) -> Field:
    """Noise of mean about 0 and deviation below 1 that varies over `period` pixels."""
    rows, columns = (round(side / period) + 3 for side in shape)
    coarse = rng.standard_normal((rows, columns), np.float32)
    grown = (round(rows * period), round(columns * period))
    fine = cv2.resize(coarse, grown[::-1], interpolation=cv2.INTER_CUBIC)
    top, left = (
        int(rng.integers(0, g - s + 1)) for g, s in zip(grown, shape, strict=True)
    )
    field: Field = np.ascontiguousarray(
        fine[top : top + shape[0], left : left + shape[1]]
    )
    return field


def texture(rng: Generator, shape: Shape2D, finest: float) -> Field:
    """Waves of three periods on top of each other, the finest lowest."""
    total = waves(rng, shape, finest * 8)
    total += np.float32(0.7) * waves(rng, shape, finest * 3)
    total += np.float32(0.5) * waves(rng, shape, finest)
    return total


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """A number between two positive ones, as likely to be doubled as halved."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
