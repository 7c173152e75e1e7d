"""What callers of the live watershed rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells
from napari_dinocell.engine.watershed.merge_forest import MergeForest

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.arrays import DistanceMap

    MakeMap = Callable[..., DistanceMap]

DEFAULT = WatershedConfig()


def thresholds(
    seed: float, foreground: float, *, min_size: int = 0, prominence: float = 1
) -> WatershedConfig:
    return WatershedConfig(
        seed_threshold=seed,
        foreground_threshold=foreground,
        min_size=min_size,
        prominence=prominence,
    )


def two_peaks(valley: float) -> DistanceMap:
    """A row with peaks 0.9 and 0.8 and a valley between them."""
    return np.array([[0.2, 0.9, 0.5, valley, 0.6, 0.8, 0.1]], np.float32)


@pytest.mark.parametrize(
    ("valley", "expected"),
    [(0.3, [1, 1, 1, 2, 2, 2, 2]), (0.48, [1, 1, 1, 1, 1, 1, 1])],
    ids=["valley below the seed threshold", "valley above it"],
)
def test_seeds_joined_above_the_seed_threshold_are_one(
    valley: float, expected: list[int]
) -> None:
    """A valley between two cells goes with its higher neighbour, here the 0.6."""
    assert label_cells(two_peaks(valley), DEFAULT).tolist() == [expected]


def test_basin_below_the_seed_threshold_is_absorbed_over_its_saddle() -> None:
    labels = label_cells(two_peaks(0.3), thresholds(0.85, 0.09))
    assert labels.tolist() == [[1, 1, 1, 1, 1, 1, 1]]


def test_of_two_cells_at_one_saddle_the_one_with_the_higher_pixel_absorbs() -> None:
    """The 0.2 touches both cells; the 0.6 beside it is flooded before the 0.5."""
    distance_map = np.array([[0, 0, 0.8, 0, 0], [0.9, 0.5, 0.2, 0.6, 0.85]])
    labels = label_cells(distance_map, thresholds(0.82, 0.1))
    assert labels.tolist() == [[0, 0, 2, 0, 0], [1, 1, 2, 2, 2]]


def test_foreground_that_reaches_no_seed_is_background() -> None:
    labels = label_cells(two_peaks(0.3), thresholds(0.85, 0.35))
    assert labels.tolist() == [[0, 1, 1, 0, 0, 0, 0]]


def test_pixels_touching_at_a_corner_are_two_cells() -> None:
    labels = label_cells(np.eye(2) * 0.8, DEFAULT)
    assert labels.tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize("min_size", [0, 40, 400])
def test_cell_keeps_its_id_while_thresholds_move(
    make_map: MakeMap, min_size: int
) -> None:
    """The highest pixel of a cell names it: its id never goes to another cell."""
    distance_map = make_map("hills")  # no two pixels are equal
    watershed = LiveWatershed(distance_map)
    places: dict[int, tuple[int, ...]] = {}
    for seed in np.linspace(0.1, 0.9, 9):
        for foreground in (0.02, 0.1):
            labels = watershed.labels(thresholds(seed, foreground, min_size=min_size))
            ids = np.unique(labels[labels > 0])
            tops = ndi.maximum_position(distance_map, labels, ids)
            for number, top in zip(ids.tolist(), tops, strict=True):
                assert places.setdefault(number, top) == top
    assert len(set(places.values())) == len(places) > 20


def test_higher_cells_have_lower_ids(make_map: MakeMap) -> None:
    distance_map = make_map("smooth")
    labels = label_cells(distance_map, DEFAULT)
    ids = np.unique(labels[labels > 0])
    assert np.all(np.diff(ndi.maximum(distance_map, labels, ids)) <= 0)


@pytest.mark.parametrize("foreground", [0.05, 0.0517, 0.3])
def test_minimum_size_drops_exactly_the_smaller_cells(
    make_map: MakeMap, foreground: float
) -> None:
    watershed = LiveWatershed(make_map("lumpy"))
    everything = watershed.labels(thresholds(0.4, foreground))
    areas = np.bincount(everything.ravel())
    smallest, middle = np.sort(areas[areas > 0])[[0, areas[areas > 0].size // 2]]
    for min_size in (smallest, smallest + 1, middle, middle + 1, everything.size):
        config = thresholds(0.4, foreground, min_size=int(min_size))
        expected = np.where(areas[everything] >= min_size, everything, 0)
        np.testing.assert_array_equal(watershed.labels(config), expected)


def test_sizes_are_right_in_whatever_order_thresholds_come(make_map: MakeMap) -> None:
    """Areas are updated from one threshold to the next and must not drift."""
    distance_map = make_map("quantised")
    moved = LiveWatershed(distance_map)
    for foreground in (0.1, 0.1, 0.4, 0.02, 26 / 255, 0.3, 0.1):
        config = thresholds(0.45, foreground, min_size=150)
        fresh = LiveWatershed(distance_map).labels(config)
        np.testing.assert_array_equal(moved.labels(config), fresh)


@pytest.mark.parametrize("min_size", [0, 200])
def test_count_is_the_number_of_labels(make_map: MakeMap, min_size: int) -> None:
    watershed = LiveWatershed(make_map("lumpy"))
    for seed in (0.2, 0.5, 0.8):
        config = thresholds(seed, 0.05, min_size=min_size)
        labels = watershed.labels(config)
        assert watershed.count(config) == np.unique(labels[labels > 0]).size > 0


@pytest.mark.parametrize(
    "window",
    [
        (slice(10, 60), slice(100, 240)),
        (slice(None), slice(-30, None)),
        (slice(0, 256, 4), slice(1, None, 3)),
        (slice(50, 50), slice(None)),
    ],
    ids=["inside", "at the border", "thinned out", "empty"],
)
def test_region_gives_the_same_pixels_as_the_plane(
    make_map: MakeMap, window: tuple[slice, slice]
) -> None:
    watershed = LiveWatershed(make_map("smooth"))
    config = thresholds(0.47, 0.09, min_size=300)
    region = watershed.query(config).labels(window)
    np.testing.assert_array_equal(region, watershed.labels(config)[window])


def test_label_cells_gives_the_labels_of_the_preview(make_map: MakeMap) -> None:
    distance_map = make_map("lumpy")
    config = thresholds(0.5, 0.12, min_size=50)
    preview = LiveWatershed(distance_map).labels(config)
    np.testing.assert_array_equal(label_cells(distance_map, config), preview)


def test_label_cells_goes_below_the_usual_floor() -> None:
    faint = np.array([[0.004, 0.009, 0.002]])
    assert label_cells(faint, thresholds(0.008, 0.003)).tolist() == [[1, 1, 0]]


def test_floor_changes_no_cell(make_map: MakeMap) -> None:
    distance_map = make_map("lumpy")
    config = thresholds(0.4, 0.2)
    low = LiveWatershed(distance_map, floor=0.0).labels(config)
    high = LiveWatershed(distance_map, floor=0.2).labels(config)
    pairs = np.unique(np.stack([low, high], -1).reshape(-1, 2), axis=0)
    assert len(pairs) == np.unique(low).size == np.unique(high).size


def test_threads_change_nothing(make_map: MakeMap) -> None:
    """The plane is large enough for several bands."""
    distance_map = np.tile(make_map("lumpy"), (3, 3))
    one = LiveWatershed(distance_map, workers=1)
    three = LiveWatershed(distance_map, workers=3)
    for config in (DEFAULT, thresholds(0.2, 0.02, min_size=99)):
        np.testing.assert_array_equal(one.labels(config), three.labels(config))


def test_later_queries_leave_earlier_labels_alone(make_map: MakeMap) -> None:
    watershed = LiveWatershed(make_map("smooth"))
    first = watershed.labels(DEFAULT)
    kept = first.copy()
    watershed.labels(thresholds(0.8, 0.3))
    np.testing.assert_array_equal(first, kept)


def test_map_may_be_overwritten_afterwards(make_map: MakeMap) -> None:
    distance_map = make_map("smooth").copy()
    watershed = LiveWatershed(distance_map)
    before = watershed.labels(DEFAULT)
    distance_map[:] = 0
    np.testing.assert_array_equal(watershed.labels(DEFAULT), before)


def shapes() -> list[tuple[int, int]]:
    return [(1, 1), (1, 9), (9, 1), (2, 2), (0, 5), (5, 0), (0, 0), (3, 300_000)]


@pytest.mark.parametrize("shape", shapes(), ids=str)
def test_full_map_is_one_cell(shape: tuple[int, int]) -> None:
    labels = label_cells(np.ones(shape, np.float32), DEFAULT)
    assert labels.shape == shape
    assert labels.dtype == np.int32
    assert np.all(labels == 1)


@pytest.mark.parametrize("shape", shapes(), ids=str)
def test_empty_map_has_no_cell(shape: tuple[int, int]) -> None:
    watershed = LiveWatershed(np.zeros(shape, np.float32))
    config = thresholds(0.47, 0.09, min_size=5)
    assert watershed.shape == shape
    assert watershed.count(config) == 0
    assert not watershed.labels(config).any()


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.astype(np.float64),
        lambda a: a.astype(">f4"),
        np.asfortranarray,
        lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
        lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
        lambda a: a * np.float32(1 + 1e-6),
        lambda a: a - np.float32(1e-6),
    ],
    ids=["float64", "big endian", "Fortran", "strided", "flipped", "over 1", "under 0"],
)
def test_type_and_layout_of_the_map_do_not_matter(
    make_map: MakeMap, change: Callable[[DistanceMap], Any]
) -> None:
    distance_map = make_map("smooth", size=128)
    expected = label_cells(distance_map, DEFAULT) > 0
    found = label_cells(change(distance_map), DEFAULT) > 0
    assert np.mean(found == expected) > 0.9999


def test_half_precision_map_is_accepted(make_map: MakeMap) -> None:
    half = make_map("smooth", size=128).astype(np.float16)
    np.testing.assert_array_equal(
        label_cells(half, DEFAULT), label_cells(half.astype(np.float32), DEFAULT)
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((2, 3, 4, 5), np.float32), r"volume.*\(2, 3, 4, 5\).*at a time"),
        (np.zeros(7, np.float32), "plane"),
        (np.zeros((3, 4), np.uint8), "floating-point.*uint8"),
        (np.zeros((3, 4), bool), "floating-point.*bool"),
        (np.array([[0.5, np.nan]]), "finite"),
        (np.array([[0.5, np.inf]]), "finite"),
        (np.array([[0.5, 7.0]]), r"\[0, 1\], got 0.5 to 7"),
        (np.array([[-0.5, 1e300]]), r"\[0, 1\], got -0.5 to 1e\+300"),
        (np.broadcast_to(np.float32(0), (2**16, 2**16)), "blocks"),
    ],
    ids=["4-D", "1-D", "uint8", "bool", "nan", "inf", "range", "huge", "too large"],
)
def test_wrong_map_is_refused_in_words(wrong: Any, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        LiveWatershed(wrong)


def test_threshold_below_the_floor_is_refused() -> None:
    watershed = LiveWatershed(np.ones((3, 3)), floor=0.1)
    assert watershed.floor == 0.1
    assert watershed.count(thresholds(0.5, 0.1)) == 1
    with pytest.raises(SettingsError, match=r"at least 0\.1, .* got 0\.09\. Raise"):
        watershed.labels(DEFAULT)


@pytest.mark.parametrize("floor", [-0.1, 1.0, float("nan")])
def test_floor_outside_its_range_is_refused(floor: float) -> None:
    with pytest.raises(SettingsError, match="floor"):
        LiveWatershed(np.ones((3, 3)), floor=floor)


def test_one_query_computes_its_cell_table_once(
    make_map: MakeMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables: list[float] = []
    made = MergeForest.cells

    def counted(forest: MergeForest, seed: float, *rest: Any, **more: Any) -> Any:
        tables.append(seed)
        return made(forest, seed, *rest, **more)

    monkeypatch.setattr(MergeForest, "cells", counted)
    query = LiveWatershed(make_map("lumpy")).query(WatershedConfig())
    assert query.count() == np.unique(query.labels()).size - 1
    query.labels((slice(0, 20), slice(0, 20)))
    assert len(tables) == 1
