"""Cells that are dropped for their size, or because they touch the border."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage.segmentation import clear_border

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.watershed.held_cells import HeldPixels
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.arrays import DistanceMap, Labels

    MakeMap = Callable[..., DistanceMap]

PLAIN = WatershedConfig(prominence=1)
INSIDE = replace(PLAIN, exclude_border=True)


def cleared(labels: Labels) -> Labels:
    """By definition of scikit-image, whose border is one pixel wide, too."""
    kept: Labels = clear_border(labels)
    return kept


@pytest.mark.parametrize("foreground", [0.05, 0.0517, 0.3, 0.47])
@pytest.mark.parametrize("kind", ["lumpy", "hills", "quantised"])
def test_border_is_cleared_at_all_thresholds(
    make_map: MakeMap, kind: str, foreground: float
) -> None:
    watershed = LiveWatershed(make_map(kind))
    plain = watershed.labels(replace(PLAIN, foreground_threshold=foreground))
    query = watershed.query(replace(INSIDE, foreground_threshold=foreground))
    expected = cleared(plain)
    assert 0 < np.count_nonzero(expected) < np.count_nonzero(plain)
    np.testing.assert_array_equal(query.labels(), expected)
    assert query.count() == np.unique(expected).size - 1


@pytest.mark.parametrize("place", [(0, 4), (8, 4), (4, 0), (4, 8)], ids=str)
def test_one_pixel_on_the_border_is_enough(place: tuple[int, int]) -> None:
    distance_map = np.zeros((9, 9), np.float32)
    distance_map[4, 1:8] = distance_map[1:8, 4] = 0.8
    assert label_cells(distance_map, INSIDE).any()
    distance_map[place] = 0.1
    assert not label_cells(distance_map, INSIDE).any()
    above = replace(INSIDE, foreground_threshold=0.1)  # now it is background
    assert label_cells(distance_map, above).any()


def test_all_cells_of_one_row_touch_the_border() -> None:
    row = np.array([[0.2, 0.9, 0, 0.8, 0.1]], np.float32)
    assert label_cells(row, PLAIN).any()
    assert not label_cells(row, INSIDE).any()


def test_empty_plane_has_no_border_to_clear() -> None:
    assert not LiveWatershed(np.zeros((20, 30))).labels(INSIDE).any()


@pytest.mark.parametrize("foreground", [0.05, 0.3])
def test_maximum_size_drops_exactly_the_larger_cells(
    make_map: MakeMap, foreground: float
) -> None:
    watershed = LiveWatershed(make_map("lumpy"))
    config = replace(PLAIN, foreground_threshold=foreground)
    everything = watershed.labels(config)
    areas = np.bincount(everything.ravel())
    areas[0] = 0
    low, middle, high = np.quantile(areas[areas > 0], [0, 0.5, 1]).astype(int).tolist()
    for smallest, largest in [(0, low), (0, middle), (low + 1, middle), (0, high)]:
        kept = (areas >= smallest) & (areas <= largest)
        sized = replace(config, min_size=smallest, max_size=largest)
        expected = np.where(kept[everything], everything, 0)
        assert expected.any()
        np.testing.assert_array_equal(watershed.labels(sized), expected)


def ring() -> DistanceMap:
    """A cell of 8 pixels around a hole of one."""
    distance_map = np.zeros((5, 5), np.float32)
    distance_map[1:4, 1:4] = 0.8
    distance_map[2, 2] = 0
    return distance_map


@pytest.mark.parametrize(("max_size", "pixels"), [(8, 9), (7, 0)])
def test_maximum_size_counts_before_holes_are_filled(
    max_size: int, pixels: int
) -> None:
    config = WatershedConfig(max_size=max_size, fill_holes=True)
    assert np.count_nonzero(label_cells(ring(), config)) == pixels


def test_held_cells_are_never_dropped(make_map: MakeMap) -> None:
    """They are the caller's: beside them, the same cells are dropped as without."""
    watershed = LiveWatershed(make_map("smooth"))
    plain = watershed.labels(PLAIN)
    corrected = next(iter(set(np.unique(plain)) - set(np.unique(cleared(plain)))))
    held = HeldPixels(plain == corrected, frozenset({int(corrected)}))
    found = watershed.query(INSIDE, held=held).labels()
    np.testing.assert_array_equal(found, cleared(plain))


@pytest.mark.parametrize(("smallest", "largest"), [(0, -1), (30, 29)])
def test_maximum_below_the_minimum_is_refused(smallest: int, largest: int) -> None:
    """It would drop all cells without a word."""
    with pytest.raises(SettingsError, match="at least the minimum size"):
        WatershedConfig(min_size=smallest, max_size=largest)
