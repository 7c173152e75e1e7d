"""From light to a file: photons, read noise, hot pixels, compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.scenes.random.fields import log_uniform

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

MANY = 60.0
"""Photons whose number is as good as normally distributed."""


def exposed(
    rng: Generator, image: NDArray[np.float32], photons: float
) -> NDArray[np.float32]:
    """Shot and read noise for so many photons in a pixel of value 1."""
    light = np.maximum(image, 0) * np.float32(photons)
    noise = rng.standard_normal(image.shape, np.float32)
    many = photons > MANY
    counts = light + np.sqrt(light) * noise if many else rng.poisson(light)
    read = np.float32(rng.uniform(0, 0.1) * np.sqrt(photons))
    noisy: NDArray[np.float32] = (counts + read * noise).astype(np.float32)
    noisy /= np.float32(photons)
    return noisy


def hot_pixels(rng: Generator, image: NDArray[np.float32]) -> None:
    """Brighten up to one of a thousand pixels, in place."""
    height, width = image.shape[:2]
    count = rng.integers(1, max(2, height * width // 1000))
    rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
    image[rows, columns] = image.max() * rng.uniform(0.5, 1.5)


def as_bytes(rng: Generator, image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Levels of a file, sometimes few of them used, sometimes compressed as JPEG."""
    low, high = np.percentile(image[::2, ::2], (0.01, 99.99))
    top = log_uniform(rng, 25, 255)
    scaled = (image - low) * np.float32(top / max(float(high - low), 1e-6))
    levels: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))]
        _, file = cv2.imencode(".jpg", levels, quality)
        levels = np.asarray(cv2.imdecode(file, cv2.IMREAD_UNCHANGED), np.uint8)
    return levels
