"""Label images with all that is awkward about cells, and strategies that make more."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

CELL, FAR = 3, 70_000
"""Ids with gaps, one of them beyond 16 bit."""


def awkward_labels() -> np.ndarray:
    """Cells (12, 14) with holes, in parts, touching by corners and at the border."""
    labels = np.zeros((12, 14), np.int32)
    labels[0:6, 0:6] = CELL
    labels[1, 1] = labels[2, 2] = 0  # holes that touch by a corner
    labels[4, 4] = FAR  # a cell in a hole of another
    labels[6, 6] = labels[7, 7] = CELL  # parts that touch by corners
    labels[8:, 10:] = 9
    labels[11, 13] = 0
    labels[0:4, 8:12] = 12
    labels[1:3, 9:11] = 0
    labels[3, 8] = 0  # a notch that meets the hole by a corner
    labels[9, 0:3] = 500
    return labels


small_labels = arrays(
    np.int32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.sampled_from([0, 0, 1, 2, FAR]),
)
"""Planes (Y, X) full of holes, parts and corners."""


def fill_even_odd(rings: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Pixels whose centres lie inside an odd number of rings of (x, y), as a mask."""
    rows, columns = np.indices(shape) + 0.5
    inside = np.zeros(shape, bool)
    for ring in rings:
        x, y = np.asarray(ring, float).T
        for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
            crossed = (y0 > rows) != (y1 > rows)
            with np.errstate(divide="ignore", invalid="ignore"):
                at = x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
            inside ^= crossed & (columns < at)
    return inside
