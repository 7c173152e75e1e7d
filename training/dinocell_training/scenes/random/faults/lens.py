"""Blur: round, longer one way, or the disc of a lens out of focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


def blurred(
    rng: Generator, image: NDArray[np.float32], most: float
) -> NDArray[np.float32]:
    """An image (Y, X) or (Y, X, 3) after a random blur of up to `most` pixels."""
    if most < 0.4:
        return image
    kind, size = rng.integers(3), rng.uniform(0.3, most)
    if kind == 0:
        soft = cv2.GaussianBlur(image, (0, 0), size)
    elif kind == 1:
        other = rng.uniform(0.3, max(0.4, 0.4 * size))
        wide = rng.random() < 0.5
        soft = cv2.GaussianBlur(
            image, (0, 0), size if wide else other, sigmaY=other if wide else size
        )
    else:
        soft = cv2.filter2D(
            image, -1, _disc(1.5 * size), borderType=cv2.BORDER_REFLECT_101
        )
    result: NDArray[np.float32] = soft
    return result


def _disc(radius: float) -> NDArray[np.float32]:
    reach = int(np.ceil(radius))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weight = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    disc: NDArray[np.float32] = (weight / weight.sum()).astype(np.float32)
    return disc
