"""From light to counts: illumination, shot noise, read noise, and the converter.

Knows nothing of what is in front of the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Image, Shape2D


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A scientific camera; the defaults are those of a common sCMOS."""

    offset: float = 100.0
    """Counts of a dark pixel."""
    electrons_per_count: float = 0.5
    read_noise: float = 1.6
    """Electrons, standard deviation."""
    bits: int = 16
    """8 gives uint8, more gives uint16."""

    def expose(self, rng: np.random.Generator, electrons: Field) -> Image:
        """Counts for the expected number of electrons (Y, X) in each pixel."""
        signal = rng.poisson(np.maximum(electrons, 0)).astype(np.float32)
        noise = rng.standard_normal(electrons.shape, dtype=np.float32)
        signal += np.float32(self.read_noise) * noise
        counts = np.rint(signal / self.electrons_per_count + self.offset)
        kind = np.uint8 if self.bits <= 8 else np.uint16
        image: Image = np.clip(counts, 0, 2**self.bits - 1).astype(kind)
        return image


def lamp(rng: np.random.Generator, shape: Shape2D, *, fall_off: float) -> Field:
    """Uneven illumination: 1 at its brightest, `fall_off` less in the far corner.

    The brightest point lies near, not on, the centre, as on any real microscope.
    """
    centre_y, centre_x = rng.uniform(0.35, 0.65, 2)
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    distance = (rows - centre_y) ** 2 + (columns - centre_x) ** 2
    field: Field = (1 - fall_off * distance / distance.max()).astype(np.float32)
    return field
