"""Uneven light: fall-off towards the corners, a slope, haze from out of focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.scenes.random.fields import log_uniform, waves

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Shape2D


def vignette(rng: Generator, shape: Shape2D) -> Field:
    """Factor (Y, X), 1 at the brightest point."""
    centre_y, centre_x = rng.uniform(0.1, 0.9, 2)
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] - centre_y
    columns = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :] - centre_x
    squared = rows**2 + columns**2
    field: Field = (1 - rng.uniform(0, 0.7) * squared / squared.max()).astype(
        np.float32
    )
    return field


def hazy(rng: Generator, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The image under its own light from out of focus, and that of other planes."""
    share = np.float32(rng.uniform(0, 0.6))
    spread = cv2.GaussianBlur(image, (0, 0), log_uniform(rng, 8, 40))
    shape = (image.shape[0], image.shape[1])
    clouds = waves(rng, shape, log_uniform(rng, 40, 200)) * np.float32(
        rng.uniform(0, 0.15)
    )
    if image.ndim == 3:
        clouds = clouds[..., None]
    mixed: NDArray[np.float32] = image + share * (spread - image) + clouds
    return mixed
