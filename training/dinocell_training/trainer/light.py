"""Random changes of light that every kind of training makes: exposure, contrast, focus.

Images are planes in [0, 1]; results may leave that range, and are computed in double
precision where random numbers met them: whoever clips them at the end rounds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

SLIGHTEST_BLUR = 0.3
"""Pixels, standard deviation: less changes nothing."""


def exposed(
    image: NDArray[np.float32], gamma: tuple[float, float], rng: Generator
) -> NDArray[np.float32]:
    """Through a power law whose exponent is drawn log-uniformly."""
    # Filters overshoot by a rounding error, and a negative base has no power.
    power: NDArray[np.float32] = np.clip(image, 0, 1) ** np.exp(
        rng.uniform(*np.log(gamma))
    )
    return power


def contrasted(
    image: NDArray[np.float32],
    factor: tuple[float, float],
    brightness: float,
    rng: Generator,
) -> NDArray[np.float32]:
    """Stretched around the mean, and shifted by up to `brightness` either way."""
    mean = image.mean()
    stretched = (image - mean) * rng.uniform(*factor) + mean
    shifted: NDArray[np.float32] = stretched + rng.uniform(-brightness, brightness)
    return shifted


def defocused(
    image: NDArray[np.float32], most: float, rng: Generator
) -> NDArray[np.float32]:
    """Blurred by up to `most` pixels, standard deviation."""
    blurred: NDArray[np.float32] = cv2.GaussianBlur(
        image, (0, 0), rng.uniform(SLIGHTEST_BLUR, most)
    )
    return blurred
