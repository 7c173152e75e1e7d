"""Random light that every kind of training shows its images in.

As another microscope, stain, exposure or camera might show them. Images are planes in
[0, 1]; steps between first and last may leave that range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.trainer.setting_checks import require_chances

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

SLIGHTEST_BLUR = 0.3
"""Pixels, standard deviation: less changes nothing."""

COARSEST = 4.0
"""Largest factor by which an image is shrunk before it is enlarged again."""

TONES = 4
"""Straight pieces of a tone curve."""

CHANCES = (
    "illumination",
    "invert",
    "one_way",
    "coarse",
    "tone",
    "haze",
    "texture",
    "grain",
    "without_clahe",
)
"""Settings that are probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightConfig:
    """Random changes of light; probabilities unless a unit is named."""

    gamma: tuple[float, float] = (0.6, 1.6)
    """Range of the exponent, drawn log-uniformly."""
    brightness: float = 0.15
    """Largest shift, as a fraction of the intensity range."""
    contrast: tuple[float, float] = (0.6, 1.3)
    """Range of the factor around the mean."""
    illumination: float = 0.0
    """Chance of a smooth multiplicative gradient across the image."""
    invert: float = 0.1
    """Chance of exchanging dark and bright."""
    noise: float = 0.06
    """Largest standard deviation of added Gaussian noise."""
    blur: float = 1.5
    """Largest standard deviation of a Gaussian blur, in pixels."""
    one_way: float = 0.0
    """Chance that a blur acts along one axis of the crop more than along the other, as
    depth does in a section through a stack."""
    coarse: float = 0.0
    """Chance of fewer pixels: shrunk up to four times and enlarged again."""
    tone: float = 0.0
    """Chance of a random tone curve, bright stays brighter than dark."""
    haze: float = 0.0
    """Chance of light from out of focus."""
    texture: float = 0.0
    """Chance of unevenness like that of a stain, from fine grains to broad patches."""
    grain: float = 0.0
    """Chance that the noise has grains of more than a pixel."""
    without_clahe: float = 0.25
    """Chance of showing the image without the local equalisation."""

    def __post_init__(self) -> None:
        require_chances(self, CHANCES)


def relit(
    image: NDArray[np.float32], config: LightConfig, rng: Generator
) -> NDArray[np.float32]:
    """An image in another light.

    Parameters
    ----------
    image
        (Y, X) in [0, 1]; a rounding error more is allowed.

    Returns
    -------
    (Y, X) in [0, 1].
    """
    if rng.random() < 0.4:
        image = defocused(image, config.blur, rng, one_way=config.one_way)
    if _younger(config.coarse, rng):
        image = coarsened(image, rng)
    if rng.random() < config.invert:
        image = 1 - image
    image = exposed(image, config.gamma, rng)
    if rng.random() < config.tone:
        image = _toned(image, rng)
    if rng.random() < config.haze:
        image = _hazy(image, rng)
    if rng.random() < config.texture:
        image = image * _texture(image.shape, rng)
    image = contrasted(image, config.contrast, config.brightness, rng)
    if rng.random() < config.illumination:
        image = image * _gradient(image.shape, rng)
    if rng.random() < 0.5:
        image = image + rng.uniform(0, config.noise) * _noise(image.shape, config, rng)
    lit: NDArray[np.float32] = np.clip(image, 0, 1).astype(np.float32)
    return lit


def _younger(chance: float, rng: Generator) -> bool:
    """Whether it happens; draws nothing where it never does.

    So that runs of recipes from before there was such a change see what they saw.
    """
    return chance > 0 and rng.random() < chance


def exposed(
    image: NDArray[np.float32], gamma: tuple[float, float], rng: Generator
) -> NDArray[np.float32]:
    """Through a power law whose exponent is drawn log-uniformly."""
    # Filters overshoot by a rounding error, and a negative base has no power.
    exponent = np.float32(np.exp(rng.uniform(*np.log(gamma))))
    power: NDArray[np.float32] = np.clip(image, 0, 1) ** exponent
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
    image: NDArray[np.float32], most: float, rng: Generator, *, one_way: float = 0.0
) -> NDArray[np.float32]:
    """Blurred by up to `most` pixels, standard deviation.

    `one_way` is the chance that it is less, or nothing, along one of the axes.
    """
    along = across = rng.uniform(SLIGHTEST_BLUR, most)
    if _younger(one_way, rng):
        across = along * rng.uniform(0.1, 0.6)
        if rng.random() < 0.5:
            along, across = across, along
    blurred: NDArray[np.float32] = cv2.GaussianBlur(image, (0, 0), along, sigmaY=across)
    return blurred


def coarsened(image: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Shrunk up to four times and enlarged again: an image of few pixels.

    Pixels are summed, as a camera sums them, or left out, as a scanner does; enlarged
    they stay squares or are interpolated.
    """
    height, width = image.shape
    factor = np.exp(rng.uniform(np.log(1.5), np.log(COARSEST)))
    few = max(2, round(width / factor)), max(2, round(height / factor))
    shrink = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
    grow = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(rng.integers(3))]
    small = cv2.resize(image, few, interpolation=shrink)
    coarse: NDArray[np.float32] = cv2.resize(small, (width, height), interpolation=grow)
    return coarse


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


def _texture(shape: tuple[int, ...], rng: Generator) -> NDArray[np.float32]:
    """A factor around 1 that varies over 3 to 48 pixels."""
    height, width = shape
    period = np.exp(rng.uniform(*np.log((3, 48))))
    points = [round(side / period) + 2 for side in shape]
    rough = rng.standard_normal(points, np.float32)
    smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    factor: NDArray[np.float32] = 1 + np.float32(rng.uniform(0, 0.3)) * smooth
    return factor


def _gradient(shape: tuple[int, ...], rng: Generator) -> NDArray[np.float32]:
    """A plane of light, tilted in a random direction, 0.5 to 1.5 at its ends."""
    rows, columns = (np.linspace(-0.5, 0.5, side, dtype=np.float32) for side in shape)
    angle = rng.uniform(0, 2 * np.pi)
    tilt = np.cos(angle) * columns[None, :] + np.sin(angle) * rows[:, None]
    light: NDArray[np.float32] = 1 + np.float32(rng.uniform(0, 0.7)) * tilt
    return light


def _noise(
    shape: tuple[int, ...], config: LightConfig, rng: Generator
) -> NDArray[np.float32]:
    """Gaussian noise of standard deviation 1, sometimes with coarse grains."""
    noise: NDArray[np.float32] = rng.standard_normal(shape, np.float32)
    if rng.random() < config.grain:
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 1.5))
        noise /= noise.std()
    return noise
