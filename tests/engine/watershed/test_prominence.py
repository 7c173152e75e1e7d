"""A summit below the seed threshold that stands by itself feeds no cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.watershed.test_live_watershed import thresholds, two_peaks

from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

if TYPE_CHECKING:
    from tests.engine.watershed.test_live_watershed import MakeMap


@pytest.mark.parametrize(
    ("prominence", "expected"),
    [(0.6, [1, 1, 1, 0, 0, 0, 0]), (0.63, [1, 1, 1, 1, 1, 1, 1])],
)
def test_cell_that_stands_by_itself_goes_with_the_seed_threshold(
    prominence: float, expected: list[int]
) -> None:
    """The peak of 0.8 rises by 0.5 above the valley, 0.625 of its height."""
    config = thresholds(0.85, 0.09, prominence=prominence)
    labels = label_cells(two_peaks(0.3), config)
    assert labels.tolist() == [expected]


@given(st.integers(0, 2**31), st.floats(0.2, 0.95), st.floats(0, 1))
def test_no_cell_is_fed_with_what_stands_by_itself(
    seed: int, high: float, prominence: float
) -> None:
    rough = np.random.default_rng(seed).random((24, 24), np.float32)
    distance_map = cv2.GaussianBlur(rough, (0, 0), 1.5)
    distance_map = (distance_map - distance_map.min()) / np.ptp(distance_map)
    live = LiveWatershed(distance_map)
    few = live.labels(thresholds(high, 0.05, prominence=prominence))
    forest = live._forest
    steep = forest.saddle < np.float32(1 - prominence) * forest.heights
    lone = np.flatnonzero(steep & (forest.heights <= np.float32(high)))
    grown = live._basins[1:-1, 1:-1]
    assert not np.isin(lone, np.unique(grown[few > 0])).any()


def test_with_a_prominence_of_1_cells_are_those_of_before(make_map: MakeMap) -> None:
    live = LiveWatershed(make_map("lumpy"))
    for seed in (0.3, 0.5, 0.7):
        table = live.query(thresholds(seed, 0.09)).table
        assert np.array_equal(table, live._forest.cells(seed, 0.09))
