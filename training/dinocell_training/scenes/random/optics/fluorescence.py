"""Light from inside cells: filled, cytoplasm around a nucleus, membrane only.

Results are (Y, X), 0 where nothing shines and about 1 where much does.
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


def filled(rng: Generator, cells: Cells) -> Field:
    """The whole cell shines, evenly or with a stained texture, flat or domed."""
    domed = cells.relative ** np.float32(rng.choice([0.0, 0.0, 0.3, 0.7]))
    light = domed * cells.each(rng, rng.uniform(0.05, 0.6)) * cells.mask
    finest = cells.radius * rng.uniform(0.08, 0.4)
    uneven = rng.uniform(0, 0.5) * texture(rng, cells.shape, max(1.5, finest))
    field: Field = light * np.exp(np.clip(uneven, -1.5, 1.2)).astype(np.float32)
    return field


def cytoplasm(rng: Generator, cells: Cells) -> Field:
    """A cell whose nucleus is darker or brighter than what surrounds it."""
    nucleus = np.clip((cells.relative - rng.uniform(0.4, 0.65)) * 12, 0, 1)
    brightness = rng.choice([rng.uniform(0.1, 0.6), rng.uniform(1.6, 3)])
    nuclear = (brightness - 1) * nucleus * cells.each(rng, 0.1)
    body = filled(rng, cells) * (0.4 + 0.6 * cells.relative)
    field: Field = (body * np.maximum(1 + nuclear, 0.05)).astype(np.float32)
    return field


def membrane(rng: Generator, cells: Cells) -> Field:
    """The border shines, the inside a little; neighbours share their border."""
    width = np.float32(rng.uniform(0.8, 1.4) + 0.05 * cells.radius)
    rim = np.exp(-((cells.inside / width) ** 2)) * cells.mask
    rim = rim * cells.each(rng, rng.uniform(0, 0.4))
    spots = np.exp(rng.uniform(0, 0.5) * texture(rng, cells.shape, 3))
    light = rim * spots + rng.uniform(0, 0.25) * filled(rng, cells)
    field: Field = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 0.6)
    return field
