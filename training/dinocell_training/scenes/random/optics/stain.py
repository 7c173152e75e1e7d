"""Light that stains absorb: colour pictures of sections and smears.

After Beer and Lambert: what is left of the lamp's light in red, green and blue is
exp(-density), and densities of two stains add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.random.fields import texture
from dinocell_training.scenes.random.optics.fluorescence import cytoplasm, filled

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.scenes.random.cells import Cells

HUES = np.array(
    [
        (0.65, 0.70, 0.29),  # haematoxylin, of nuclei
        (0.27, 0.57, 0.78),  # diaminobenzidine, brown
        (0.07, 0.99, 0.11),  # eosin, of all that is not a nucleus
        (0.75, 0.60, 0.25),  # methylene blue
    ],
    np.float32,
)
"""Absorption in red, green and blue; the first three: Ruifrok and Johnston 2001."""


def stained(rng: Generator, cells: Cells) -> NDArray[np.float32]:
    """Cells in one stain before tissue in another; (Y, X, 3) in [0, 1]."""
    body = filled if rng.random() < 0.7 else cytoplasm
    dense = rng.uniform(0.5, 1.6) * body(rng, cells)
    tissue = rng.uniform(0, 0.4) * np.exp(
        0.5 * texture(rng, cells.shape, cells.radius * rng.uniform(0.3, 2))
    )
    hue, other = (_hue(rng, index) for index in (rng.choice([0, 0, 1, 3]), 2))
    density = dense[..., None] * hue + tissue[..., None].astype(np.float32) * other
    light: NDArray[np.float32] = np.exp(-density).astype(np.float32)
    return light


def _hue(rng: Generator, index: int) -> NDArray[np.float32]:
    varied = HUES[index] * rng.lognormal(0, 0.2, 3)
    hue: NDArray[np.float32] = (varied / np.linalg.norm(varied)).astype(np.float32)
    return hue
