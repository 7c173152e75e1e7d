"""Cells grow by a distance, as scikit-image defines it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.segmentation import expand_labels

from napari_dinocell.engine.labels import expand
from napari_dinocell.engine.labels.expand import expand_cells

planes = arrays(
    np.int32,
    st.tuples(st.integers(1, 12), st.integers(1, 9)),
    elements=st.sampled_from([0, 0, 0, 0, 5, 2, 9]),
)


@pytest.mark.parametrize("pixels", [1, 30, 2**20])
@given(plane=planes, distance=st.sampled_from([0.5, 1, 1.5, 2, 3.7, 40]))
def test_bands_grow_as_the_plane_does(pixels: int, plane: Any, distance: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expand, "BAND_PIXELS", pixels)
        found = expand_cells(plane, distance)
    np.testing.assert_array_equal(found, expand_labels(plane, distance))
    np.testing.assert_array_equal(found[plane > 0], plane[plane > 0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int64])
def test_ids_keep_their_type(dtype: Any) -> None:
    plane = np.zeros((9, 9), dtype)
    plane[4, 4] = np.iinfo(dtype).max
    grown = expand_cells(plane, 2)
    assert grown.dtype == dtype
    assert np.count_nonzero(grown == plane[4, 4]) == 13


def test_a_distance_of_0_changes_nothing() -> None:
    plane = np.eye(3, dtype=np.int32)
    assert expand_cells(plane, 0) is plane
