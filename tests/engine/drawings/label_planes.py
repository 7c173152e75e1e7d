"""Planes of labels for tests of corrections."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from skimage.segmentation import watershed


def tiled_cells(seed: int, *, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    """Touching cells of random shapes, with background and holes between them."""
    rng = np.random.default_rng(seed)
    markers = np.zeros(shape, np.int32)
    count = int(rng.integers(3, 12))
    rows, columns = (rng.integers(0, length, count) for length in shape)
    markers[rows, columns] = np.arange(1, count + 1)
    labels = watershed(rng.random(shape), markers).astype(np.int32)
    labels[rng.random(shape) < 0.05] = 0
    labels[: int(rng.integers(0, 10))] = 0
    return labels


def ids_of(labels: np.ndarray) -> list[int]:
    return [int(i) for i in np.unique(labels) if i]


def disk(shape: tuple[int, int], centre: tuple[int, int], radius: float) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.hypot(rows - centre[0], columns - centre[1]) <= radius


planes = st.integers(0, 10_000).map(tiled_cells)
"""Random planes."""

drawings = st.lists(
    st.tuples(st.floats(-8, 48), st.floats(-8, 58)), min_size=2, max_size=8
)
"""Points (y, x), some of them beyond the plane."""
