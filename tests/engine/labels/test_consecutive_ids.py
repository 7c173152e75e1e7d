"""Ids 1, 2, ... without any change to the cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.segmentation import relabel_sequential

from napari_dinocell.engine import bands
from napari_dinocell.engine.labels import consecutive_ids
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.label_stack import LabelStack

ids = st.sampled_from([0, 1, 2, 7, 300, 2**22 + 5])
planes = arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=ids)
stacks = arrays(
    np.int64, st.tuples(st.integers(1, 4), *[st.integers(1, 5)] * 2), elements=ids
)


@given(planes)
def test_ids_of_a_plane_are_those_of_scikit_image(plane: Any) -> None:
    found = ConsecutiveIds().renumber(plane)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, relabel_sequential(plane)[0])


def test_bands_are_numbered_as_one_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest id comes first, and the smallest in the last rows."""
    plane = np.arange(60, 0, -1, np.int32).reshape(10, 6) // 4 * 3
    monkeypatch.setattr(
        consecutive_ids, "row_bands", lambda *shape: bands.row_bands(*shape, pixels=12)
    )
    found = ConsecutiveIds().renumber(plane)
    np.testing.assert_array_equal(found, relabel_sequential(plane)[0])


@given(stacks)
def test_an_id_stays_one_through_a_stack(stack: Any) -> None:
    numbers = ConsecutiveIds()
    found = np.stack([numbers.renumber(page) for page in stack])
    pairs = np.unique(np.stack([stack.ravel(), found.ravel()]), axis=1)
    assert np.unique(pairs[0]).size == np.unique(pairs[1]).size == pairs.shape[1]
    cells = np.unique(found[found > 0])
    np.testing.assert_array_equal(cells, 1 + np.arange(cells.size))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int64])
def test_ids_of_any_type_are_taken(dtype: Any) -> None:
    largest = np.iinfo(dtype).max if dtype != np.int64 else 2**31
    plane = np.array([[0, largest, 3]], dtype)
    assert ConsecutiveIds().renumber(plane).tolist() == [[0, 2, 1]]


def test_a_stack_is_numbered_alike_each_time_it_is_read() -> None:
    labels = np.array([[[9, 0, 4]], [[2, 9, 0]]])
    stack = LabelStack(labels, consecutive_ids=True)
    for _ in range(2):
        pages = [page.labels.tolist() for page in stack.pages()]
        assert pages == [[[2, 0, 1]], [[3, 2, 0]]]
