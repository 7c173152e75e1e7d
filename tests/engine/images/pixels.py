"""Pixels to write, and a writer of pictures that takes any path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


def random_pixels(*shape: int, dtype: str = "uint8") -> np.ndarray:
    generator = np.random.default_rng(sum(shape))
    return generator.integers(0, 200, shape).astype(dtype)


def write_picture(path: Path, pixels: np.ndarray) -> Path:
    """Write RGB(A) or grey pixels by OpenCV, with any path."""
    if pixels.ndim == 3:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    done, data = cv2.imencode(path.suffix, pixels)
    assert done
    data.tofile(path)
    return path
