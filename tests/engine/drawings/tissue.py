"""Pictures of stained tissue, made as light makes them (Beer and Lambert)."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_dinocell.engine.contrast.stains import DENSITIES

SHAPE = (120, 160)
CENTRES = tuple((y, x) for y in range(16, 120, 24) for x in range(16, 160, 24))


def nuclei() -> np.ndarray[Any, Any]:
    """Mask (Y, X) of round nuclei."""
    rows, columns = np.indices(SHAPE)
    near = [np.hypot(rows - y, columns - x) < 7 for y, x in CENTRES]
    return np.logical_or.reduce(near)


def stained(
    *,
    hematoxylin: float = 1.5,
    eosin: float = 0.3,
    dab: float = 0.0,
    white: tuple[float, float, float] = (0.95, 0.93, 0.94),
) -> np.ndarray[Any, Any]:
    """Light (Y, X, 3) in [0, 1]: the first dye in nuclei, eosin around, DAB in both.

    The uppermost rows are glass.
    """
    inside = nuclei()
    amounts = np.zeros((*SHAPE, 3))
    amounts[..., 0] = hematoxylin * inside
    amounts[..., 1] = eosin * ~inside
    amounts[..., 2] = dab
    amounts[:6] = 0
    light = np.exp(-amounts @ DENSITIES) * white
    grain = np.random.default_rng(0).normal(0, 0.01, light.shape)
    return (light + grain).clip(0.004, 1)


def as_uint8(light: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.rint(light * 255).astype(np.uint8)
