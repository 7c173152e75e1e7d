"""One random picture: a label map in a random light, with random faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dinocell_training.scenes.random.faults.dirt import dirt, stripes
from dinocell_training.scenes.random.faults.lamp import hazy, vignette
from dinocell_training.scenes.random.faults.lens import blurred
from dinocell_training.scenes.random.faults.sensor import as_bytes, exposed, hot_pixels
from dinocell_training.scenes.random.fields import log_uniform, texture
from dinocell_training.scenes.random.labels.kinds import KINDS
from dinocell_training.scenes.random.optics.fluorescence import (
    cytoplasm,
    filled,
    membrane,
)
from dinocell_training.scenes.random.optics.stain import stained
from dinocell_training.scenes.random.optics.transmitted import (
    dic,
    phase_contrast,
    quantitative_phase,
)
from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from numpy.random import Generator

    from dinocell_training.scenes.random.cells import Cells
    from napari_dinocell.engine.arrays import Labels, Shape2D

Light: TypeAlias = NDArray[np.float32]
"""(Y, X) or (Y, X, 3), about 0 to 1."""

OPTICS = (filled, cytoplasm, membrane, phase_contrast, dic, quantitative_phase, stained)
OPTICS_SHARES = (0.24, 0.14, 0.12, 0.18, 0.10, 0.10, 0.12)
"""How often each of `OPTICS` is chosen."""

GLOWING = (filled, cytoplasm, membrane)
"""Optics with a dark ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneConfig:
    """Made-up pictures among the real ones of a training."""

    share: float = 0.0
    """Of all crops; 0 makes none."""
    empty: float = 0.06
    """Share of the made-up pictures that show noise, haze and dirt, but no cell."""
    real_labels: float = 0.2
    """Share of the made-up pictures whose label map is that of a real image."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(
                    f"Expected {name} from 0 to 1, got {getattr(self, name)}."
                )


def random_labels(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Cells of a random kind (Y, X), about `diameter` pixels each."""
    maker = KINDS[int(rng.integers(len(KINDS)))]
    return maker(rng, shape, diameter * log_uniform(rng, 0.75, 1.35))


def render(rng: Generator, cells: Cells) -> NDArray[np.uint8]:
    """A picture (Y, X) or (Y, X, 3) of cells; without any, of noise and haze."""
    image = _lit(rng, cells) if cells.mask.any() else _empty_ground(rng, cells)
    image = _with_faults(rng, image, cells.radius)
    return as_bytes(rng, image)


def _lit(rng: Generator, cells: Cells) -> Light:
    optics = OPTICS[int(rng.choice(len(OPTICS), p=OPTICS_SHARES))]
    image: Light = optics(rng, cells)
    if optics in GLOWING:
        image = image / np.float32(max(float(np.percentile(image[::3, ::3], 99)), 1e-3))
        image = np.float32(rng.uniform(0.02, 0.5)) + image
        if rng.random() < 0.15:
            image = image.max() - image
    return image


def _empty_ground(rng: Generator, cells: Cells) -> Light:
    """No cell, only what is around them; in place of depth a mere texture."""
    level, height = rng.uniform(0.05, 0.7), rng.uniform(0, 0.1)
    finest = log_uniform(rng, 1.5, 30)
    ground: Light = np.float32(level) + np.float32(height) * texture(
        rng, cells.shape, finest
    )
    return ground


def _with_faults(rng: Generator, image: Light, radius: float) -> Light:
    shape = (image.shape[0], image.shape[1])
    contrast = max(float(image.std()), 0.03)
    if rng.random() < 0.35:
        spots = dirt(rng, shape, min(0.5 * radius, 4))
        image = _added(image, rng.uniform(0.5, 4) * contrast, spots)
    if rng.random() < 0.4:
        image = hazy(rng, image)
    if rng.random() < 0.5:
        image = image * _like(vignette(rng, shape), image)
    if rng.random() < 0.6:
        image = blurred(rng, image, min(3.0, 0.25 * radius))
    if rng.random() < 0.08:
        image = _added(image, rng.uniform(0.05, 0.4) * contrast, stripes(rng, shape))
    photons = (
        log_uniform(rng, 20, 5000) if rng.random() < 0.9 else log_uniform(rng, 1, 20)
    )
    if rng.random() < 0.85:
        image = exposed(rng, image, photons)
    if rng.random() < 0.1:
        hot_pixels(rng, image)
    return image


def _added(image: Light, height: float, field: NDArray[np.float32]) -> Light:
    total: Light = image + np.float32(height) * _like(field, image)
    return total


def _like(field: NDArray[np.float32], image: Light) -> NDArray[np.float32]:
    """A field (Y, X) that goes with each colour of an image."""
    return field[..., None] if image.ndim == 3 else field
