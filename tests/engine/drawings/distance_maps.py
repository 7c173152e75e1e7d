"""Distance maps to try the watershed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage as ndi

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap


def smooth_noise(rng: np.random.Generator, size: int, sigma: float) -> NDArray[Any]:
    """Noise of mean 0 and deviation 1 whose lumps are about `sigma` wide."""
    noise: NDArray[Any] = ndi.gaussian_filter(rng.standard_normal((size, size)), sigma)
    noise /= noise.std()
    return noise


def touching_cells(seed: int, size: int, *, lumps: float = 0.0) -> DistanceMap:
    """What a network would say of touching cells some 35 pixels wide."""
    rng = np.random.default_rng(seed)
    grid = np.arange(17, size + 17, 35)
    centres = np.stack(np.meshgrid(grid, grid, indexing="ij"), -1).reshape(-1, 2)
    cells = np.zeros((size, size), bool)
    jittered = np.clip(centres + rng.integers(-10, 11, centres.shape), 0, size - 1)
    cells[tuple(jittered.T)] = True
    index = ndi.distance_transform_edt(~cells, return_indices=True)[1]
    labels = 1 + index[0] * size + index[1]
    border = ndi.maximum_filter(labels, 3) != ndi.minimum_filter(labels, 3)
    inside = ~border & (smooth_noise(rng, size, 20) < 1.2)
    distance: NDArray[Any] = ndi.distance_transform_edt(inside)
    largest = ndi.maximum(distance, labels, labels)
    distance = ndi.gaussian_filter(distance / np.maximum(largest, 1), 1.2)
    distance *= 1 + 0.05 * smooth_noise(rng, size, 6)
    distance += 0.02 * np.abs(smooth_noise(rng, size, 1.5))
    distance += lumps * smooth_noise(rng, size, 2.5) * np.minimum(5 * distance, 1)
    distance_map: DistanceMap = np.clip(distance, 0, 1).astype(np.float32)
    return distance_map


def hills(seed: int, size: int) -> DistanceMap:
    """Hills of all heights, without any cells in mind."""
    noise = smooth_noise(np.random.default_rng(seed), size, 3)
    noise -= noise.min()
    noise /= noise.max()
    return noise.astype(np.float32)


def quantised(distance_map: DistanceMap, levels: int = 256) -> DistanceMap:
    """Round to equally spaced levels."""
    steps = np.float32(levels - 1)
    rounded: DistanceMap = (np.round(distance_map * steps) / steps).astype(np.float32)
    return rounded


KINDS: dict[str, Callable[[int, int], DistanceMap]] = {
    "smooth": touching_cells,
    "lumpy": lambda seed, size: touching_cells(seed, size, lumps=0.06),
    "hills": hills,
    "quantised": lambda seed, size: quantised(touching_cells(seed, size)),
    "quantised lumpy": lambda seed, size: quantised(
        touching_cells(seed, size, lumps=0.06)
    ),
}
