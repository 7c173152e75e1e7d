"""Random light on a crop, as another microscope, stain or exposure might show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.trainer.light import contrasted, defocused, exposed

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.scratch.config import AugmentConfig

TONES = 4
"""Straight pieces of a tone curve."""


def relit(
    image: NDArray[np.float32], config: AugmentConfig, rng: Generator
) -> NDArray[np.float32]:
    """The crop as another microscope, stain or exposure might show it.

    Parameters
    ----------
    image
        (S, S) in [0, 1]; a rounding error more is allowed.

    Returns
    -------
    (S, S) in [0, 1].
    """
    if rng.random() < 0.4:
        image = defocused(image, config.blur, rng)
    if rng.random() < config.invert:
        image = 1 - image
    image = exposed(image, config.gamma, rng)
    if rng.random() < config.tone:
        image = _toned(image, rng)
    if rng.random() < config.haze:
        image = _hazy(image, rng)
    if rng.random() < config.texture:
        image = image * _texture(image.shape[0], rng)
    image = contrasted(image, config.contrast, config.brightness, rng)
    if rng.random() < config.illumination:
        image = image * _gradient(image.shape[0], rng)
    if rng.random() < 0.5:
        image = image + rng.uniform(0, config.noise) * _noise(image.shape, config, rng)
    lit: NDArray[np.float32] = np.clip(image, 0, 1).astype(np.float32)
    return lit


def _toned(image: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Through a rising curve from 0 to 1 of random steepness in each of its pieces."""
    rises = rng.dirichlet(np.full(TONES, 3.0))
    heights = np.concatenate([[0], np.cumsum(rises)])
    toned: NDArray[np.float32] = np.interp(
        image, np.linspace(0, 1, TONES + 1), heights
    ).astype(np.float32)
    return toned


def _hazy(image: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Mixed with itself far out of focus, as a thick slice is."""
    haze = cv2.GaussianBlur(image, (0, 0), rng.uniform(6, 24))
    share = np.float32(rng.uniform(0, 0.6))
    hazy: NDArray[np.float32] = image + share * (haze - image)
    return hazy


def _texture(size: int, rng: Generator) -> NDArray[np.float32]:
    """A factor around 1 that varies over 3 to 48 pixels."""
    period = np.exp(rng.uniform(*np.log((3, 48))))
    points = round(size / period) + 2
    rough = rng.standard_normal((points, points), np.float32)
    smooth = cv2.resize(rough, (size, size), interpolation=cv2.INTER_CUBIC)
    factor: NDArray[np.float32] = 1 + np.float32(rng.uniform(0, 0.3)) * smooth
    return factor


def _gradient(size: int, rng: Generator) -> NDArray[np.float32]:
    """A plane of light, tilted in a random direction, 0.5 to 1.5 at its ends."""
    axis = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    tilt = np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None]
    light: NDArray[np.float32] = 1 + np.float32(rng.uniform(0, 0.7)) * tilt
    return light


def _noise(
    shape: tuple[int, ...], config: AugmentConfig, rng: Generator
) -> NDArray[np.float32]:
    """Gaussian noise of standard deviation 1, sometimes with coarse grains."""
    noise: NDArray[np.float32] = rng.standard_normal(shape, np.float32)
    if rng.random() < config.grain:
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 1.5))
        noise /= noise.std()
    return noise
