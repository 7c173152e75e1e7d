"""What is read in parts is what the whole plane holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.contrast.equalised_plane import EqualisedPlane
from napari_dinocell.engine.contrast.lazy_plane import ArrayPlane
from napari_dinocell.engine.contrast.preprocess import find_stretch, window_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PartsOnly(ArrayPlane):
    """An array that can only be read in parts."""

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        assert rows.step is columns.step is None
        assert 0 <= rows.start <= rows.stop <= self.shape[0]
        assert 0 <= columns.start <= columns.stop <= self.shape[1]
        return super().read(rows, columns)


SLICES = st.builds(
    slice,
    st.one_of(st.none(), st.integers(0, 90)),
    st.one_of(st.none(), st.integers(0, 90)),
    st.one_of(st.none(), st.integers(1, 9)),
)


@given(SLICES, SLICES)
def test_slices_are_those_of_an_array(rows: slice, columns: slice) -> None:
    array = np.arange(60 * 70).reshape(60, 70)
    lazy = PartsOnly(array)
    assert np.array_equal(lazy[rows, columns], array[rows, columns])
    assert np.array_equal(lazy[rows], array[rows])


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 2**31),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.integers(8, 40),
    st.sampled_from([1.0, 1.3, 2.0, 4.0, 40.0]),
    st.sampled_from([0, 2]),
    SLICES,
    SLICES,
)
def test_equalised_parts_are_those_of_opencv(
    seed: int,
    shape: tuple[int, int],
    window: int,
    clip_limit: float,
    blur: float,
    rows: slice,
    columns: slice,
) -> None:
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 256, shape, np.uint8)
    if blur:
        levels = cv2.GaussianBlur(levels, (0, 0), blur).reshape(shape)
    grid = window_grid(shape, ContrastConfig(window=window))
    expected = cv2.createCLAHE(clip_limit, grid).apply(levels).reshape(shape)
    lazy = EqualisedPlane(PartsOnly(levels), clip_limit, grid)
    assert np.array_equal(lazy[rows, columns], expected[rows, columns])


def test_equalised_far_from_the_origin() -> None:
    """Windows that do not divide the plane; floats are coarse out there."""
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 200, (130, 9001), np.uint8)
    grid = window_grid(levels.shape, ContrastConfig(window=100))
    expected = cv2.createCLAHE(2.0, grid).apply(levels)
    lazy = EqualisedPlane(PartsOnly(levels), 2.0, grid)
    for left in range(0, 9001, 700):
        columns = slice(left, left + 700)
        assert np.array_equal(lazy[:, columns], expected[:, columns])


def spotted(seed: int, dtype: Any) -> NDArray[Any]:
    """Cells on noise, some hot pixels, and a blob out of focus that dwarfs them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:300, :1100]
    plane = rng.normal(100, 4, y.shape)
    for cy, cx in rng.integers(10, 290, (40, 2)) * (1, 3):
        near = np.s_[cy - 8 : cy + 9, cx - 8 : cx + 9]
        plane[near] += 60 * (np.hypot(y[near] - cy, x[near] - cx) < 8)
    if seed % 2:
        plane += 9000 * np.exp(-((y - 150) ** 2 + (x - 500) ** 2) / 800)
    plane[rng.integers(0, 300, 20), rng.integers(0, 1100, 20)] = 60000
    return plane.astype(dtype)


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 9), st.sampled_from([np.uint16, np.float32, np.int32]), st.booleans()
)
def test_what_is_measured_is_the_same(seed: int, dtype: Any, robust: bool) -> None:
    array = spotted(seed, dtype)
    config = ContrastConfig(robust=robust)
    whole = find_stretch(array, config)
    lazy = find_stretch(PartsOnly(array).array, config)
    measured = ("low", "high", "certainty", "only_noise")
    assert [getattr(lazy, m) for m in measured] == [getattr(whole, m) for m in measured]
    assert np.array_equal(lazy.plane[:, :], whole.plane)
    assert (lazy.foreign is None) == (whole.foreign is None)
    if whole.foreign is not None:
        assert np.array_equal(lazy.foreign, whole.foreign)
    one, other = (AdjustedImage(s.plane, s.low, s.high) for s in (whole, lazy))
    assert np.array_equal(one.image, other.image)
