"""A plane resized in parts is the plane that OpenCV resizes as a whole."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.contrast.test_lazy_plane import PartsOnly

from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.inference.resized_plane import ResizedPlane
from napari_dinocell.engine.inference.scale import resize_image, scaled_shape


def parts_of(length: int, cuts: list[int]) -> list[slice]:
    edges = sorted({0, length, *(cut % length for cut in cuts)})
    return [slice(a, b) for a, b in pairwise(edges)]


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 2**31),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.one_of(st.floats(0.1, 4), st.sampled_from([0.5, 0.25, 1 / 3, 2, 1, 4, 0.2])),
    st.sampled_from([np.uint8, np.uint16]),
    st.lists(st.integers(1, 300), max_size=3),
)
def test_parts_are_those_of_the_whole(
    seed: int, shape: tuple[int, int], scale: float, dtype: Any, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    size = scaled_shape(shape, scale)
    expected = resize_image(AdjustedImage.from_levels(plane), size).plane
    lazy = ResizedPlane(PartsOnly(plane), size)
    for rows in parts_of(size[0], cuts):
        for columns in parts_of(size[1], cuts):
            assert np.array_equal(lazy[rows, columns], expected[rows, columns])


@pytest.mark.parametrize("scale", [0.37, 0.5, 1.7])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_large_planes(scale: float, dtype: Any) -> None:
    """Positions far from the origin, where floats are coarser."""
    rng = np.random.default_rng(1)
    plane = rng.integers(0, np.iinfo(dtype).max, (40, 9001), dtype)
    size = scaled_shape((40, 9001), scale)
    expected = resize_image(AdjustedImage.from_levels(plane), size).plane
    lazy = ResizedPlane(PartsOnly(plane), size)
    for left in range(0, size[1], 500):
        columns = slice(left, min(left + 500, size[1]))
        assert np.array_equal(lazy[:, columns], expected[:, columns])
