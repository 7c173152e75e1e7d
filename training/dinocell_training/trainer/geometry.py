"""Random turns, mirrors, zooms and shifts that every kind of training makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


def random_geometry(
    shape: tuple[int, ...],
    size: int,
    *,
    scale: tuple[float, float],
    stretch: float,
    rng: Generator,
) -> NDArray[np.float64]:
    """2x3 matrix from the pixels (x, y) of a square crop to those of an image.

    Parameters
    ----------
    shape
        Of the image (Y, X).
    size
        Side of the crop in pixels.
    scale
        Range of the zoom, drawn log-uniformly.
    stretch
        Largest relative difference of the zoom along the two axes.
    """
    zoom = np.exp(rng.uniform(*np.log(scale)))
    stretched = 1 + rng.uniform(-stretch, stretch)
    angle = rng.uniform(0, 2 * np.pi)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    linear = turn @ np.diag([mirror * stretched / zoom, 1 / (stretched * zoom)])
    height, width = shape
    reach = size / zoom / 2
    centre = [_random_centre(width, reach, rng), _random_centre(height, reach, rng)]
    shift = np.array(centre) - linear @ np.full(2, (size - 1) / 2)
    return np.column_stack([linear, shift])


def _random_centre(extent: int, reach: float, rng: Generator) -> float:
    """A centre that keeps the crop inside where the image is large enough."""
    if extent <= 2 * reach:
        return (extent - 1) / 2
    return float(rng.uniform(reach, extent - reach))
