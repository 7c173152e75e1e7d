"""Light that cells delay: phase contrast, DIC, quantitative phase.

Results are (Y, X) around 0.5, the level of empty ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.scenes.random.fields import texture

if TYPE_CHECKING:
    from numpy.random import Generator

    from dinocell_training.scenes.fields import Field
    from dinocell_training.scenes.random.cells import Cells


def thickness(rng: Generator, cells: Cells) -> Field:
    """How much each pixel delays light: domes with organelles; 0 beside cells."""
    dome = np.sqrt(cells.relative) ** np.float32(rng.uniform(0.5, 2))
    grains = texture(rng, cells.shape, max(1.5, cells.radius * rng.uniform(0.1, 0.3)))
    inner = 1 + rng.uniform(0, 0.3) * grains
    delay = dome * cells.each(rng, rng.uniform(0.05, 0.4)) * inner
    if rng.random() < 0.4:  # a nucleus, or an inclusion
        delay += rng.uniform(-0.4, 0.6) * np.clip((cells.relative - 0.6) * 8, 0, 1)
    field: Field = cv2.GaussianBlur(
        delay.astype(np.float32), (0, 0), rng.uniform(0.5, 1.5)
    )
    return field


def phase_contrast(rng: Generator, cells: Cells) -> Field:
    """Dark or bright cells in a halo of the other kind."""
    delay = thickness(rng, cells)
    around = cv2.GaussianBlur(delay, (0, 0), cells.radius * rng.uniform(0.4, 1.5))
    seen = delay - rng.uniform(0.5, 1) * around
    rim = np.exp(-((cells.inside / 1.5) ** 2)) * cells.mask
    seen -= rng.uniform(0, 0.4) * cv2.GaussianBlur(rim.astype(np.float32), (0, 0), 0.7)
    sign = rng.choice([-1, -1, 1])
    field: Field = (0.5 + sign * rng.uniform(0.2, 0.5) * seen).astype(np.float32)
    return field


def dic(rng: Generator, cells: Cells) -> Field:
    """Relief, as if lit from one side."""
    delay = thickness(rng, cells)
    delay = cv2.GaussianBlur(delay, (0, 0), rng.uniform(0.6, 1.4))
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * np.gradient(delay, axis=1)
    slope += np.sin(angle) * np.gradient(delay, axis=0)
    strength = 0.25 / max(float(np.abs(slope).max()), 1e-3)
    ground = rng.uniform(0, 0.03) * texture(rng, cells.shape, 3)
    relief = 0.5 + rng.uniform(0.8, 2) * strength * slope + ground
    field: Field = relief.astype(np.float32)
    return field


def quantitative_phase(rng: Generator, cells: Cells) -> Field:
    """The delay itself, over a ground that is not quite flat."""
    ground = rng.uniform(0, 0.08) * texture(rng, cells.shape, 12)
    field: Field = (0.2 + 0.5 * thickness(rng, cells) + ground).astype(np.float32)
    return field
