"""The watershed against scikit-image, and against itself on a turned map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Labels

    MakeMap = Callable[..., DistanceMap]

PAIRS = [(0.47, 0.09), (0.25, 0.02), (0.6, 0.3), (0.15, 0.02)]
SYMMETRIES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "quarter turn": np.rot90,
    "half turn": lambda a: np.rot90(a, 2),
    "three quarters": lambda a: np.rot90(a, 3),
    "transposed": np.transpose,
    "upside down": np.flipud,
    "mirrored": np.fliplr,
    "other diagonal": lambda a: np.rot90(a, 2).T,
}


def config_of(pair: tuple[float, float]) -> WatershedConfig:
    """Cells grow over everything, as water does."""
    return WatershedConfig(
        seed_threshold=pair[0], foreground_threshold=pair[1], prominence=1
    )


def flood(distance_map: DistanceMap, pair: tuple[float, float]) -> NDArray[np.int32]:
    """The same question put to scikit-image: 4-connected seeds, 4-connected growth."""
    seed, foreground = np.float32(pair[0]), np.float32(pair[1])
    seeds = ndi.label(distance_map > seed)[0]
    flooded: NDArray[np.int32] = watershed(
        -distance_map, seeds, mask=distance_map > foreground
    )
    return flooded


def pairs_of_ids(
    one: NDArray[Any], other: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids (2, n) that lie on each other, sorted, and the number of their pixels."""
    both, counts = np.unique(one.astype(np.int64) << 32 | other, return_counts=True)
    return np.stack([both >> 32, both & (2**32 - 1)]), counts


def agreement(
    one: NDArray[Any], other: NDArray[Any], where: NDArray[np.bool_]
) -> float:
    """Share of the pixels `where` whose cell is the same in both, whatever its id."""
    pairs, counts = pairs_of_ids(one[where], other[where])
    partner = np.zeros(int(one.max()) + 1, np.int64)
    order = np.argsort(counts, kind="stable")  # the largest overlap is written last
    partner[pairs[0][order]] = pairs[1][order]
    partner[0] = 0
    return float(np.mean(partner[one[where]] == other[where]))


def same_partition(one: Labels, other: Labels) -> bool:
    """Whether two label images differ by nothing but their ids."""
    pairs, _ = pairs_of_ids(one, other)
    one_to_one = all(np.unique(side).size == side.size for side in pairs)
    return one_to_one and np.array_equal(one == 0, other == 0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("smooth", 0.999),
        ("lumpy", 0.999),
        ("hills", 0.999),
        ("quantised", 0.995),
        ("quantised lumpy", 0.995),
    ],
)
def test_cells_are_those_of_scikit_image(
    make_map: MakeMap, kind: str, seed: int, least: float
) -> None:
    distance_map = make_map(kind, seed)
    live = LiveWatershed(distance_map)
    for pair in PAIRS:
        ours, theirs = live.labels(config_of(pair)), flood(distance_map, pair)
        assert np.unique(ours).size == np.unique(theirs).size
        assert agreement(ours, theirs, distance_map > pair[1]) >= least


@pytest.mark.parametrize("turn", SYMMETRIES.values(), ids=SYMMETRIES.keys())
@pytest.mark.parametrize("kind", ["smooth", "lumpy", "hills"])
def test_turned_map_gives_turned_cells(
    make_map: MakeMap, kind: str, turn: Callable[[NDArray[Any]], NDArray[Any]]
) -> None:
    distance_map = make_map(kind)
    straight, turned = LiveWatershed(distance_map), LiveWatershed(turn(distance_map))
    for pair in PAIRS:
        expected = turn(straight.labels(config_of(pair)))
        assert same_partition(turned.labels(config_of(pair)), expected)


@pytest.mark.parametrize("turn", SYMMETRIES.values(), ids=SYMMETRIES.keys())
def test_turned_map_of_few_levels_gives_nearly_turned_cells(
    make_map: MakeMap, turn: Callable[[NDArray[Any]], NDArray[Any]]
) -> None:
    """Here perfect ties exist, which only a position could break."""
    distance_map = make_map("quantised")
    turned = LiveWatershed(turn(distance_map))
    for pair in PAIRS:
        expected = turn(label_cells(distance_map, config_of(pair)))
        found = turned.labels(config_of(pair))
        assert agreement(found, expected, expected > 0) >= 0.999


@st.composite
def rough_maps(draw: st.DrawFn) -> NDArray[np.float32]:
    """Small maps of few or many levels: ties, plateaus and corners everywhere."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    levels = draw(st.sampled_from([2, 4, 10, 1000]))
    heights = draw(arrays(np.int64, shape, elements=st.integers(0, levels)))
    return (heights / levels).astype(np.float32)


@settings(max_examples=150)
@given(
    distance_map=rough_maps(),
    pair=st.tuples(st.floats(0.02, 0.98), st.floats(0.02, 0.98)).map(
        lambda pair: (max(pair), min(pair))
    ),
)
def test_every_map_obeys_the_definition(
    distance_map: NDArray[np.float32], pair: tuple[float, float]
) -> None:
    """One cell per seed region, one piece each, and all foreground a seed can reach."""
    labels = label_cells(distance_map, config_of(pair))
    seeds, count = ndi.label(distance_map > np.float32(pair[0]))
    ids_of_seeds = [np.unique(labels[seeds == seed]) for seed in range(1, count + 1)]
    assert all(ids.size == 1 and ids[0] > 0 for ids in ids_of_seeds)
    ids = np.unique(labels[labels > 0])
    assert ids.size == count == len({int(ids[0]) for ids in ids_of_seeds})
    assert all(ndi.label(labels == number)[1] == 1 for number in ids)
    np.testing.assert_array_equal(labels > 0, flood(distance_map, pair) > 0)


@settings(max_examples=100)
@given(
    order=st.integers(1, 6).flatmap(lambda n: st.permutations(range(7 * n))),
    pair=st.tuples(st.floats(0.02, 0.98), st.floats(0.02, 0.98)).map(
        lambda pair: (max(pair), min(pair))
    ),
)
def test_maps_without_ties_are_followed_pixel_by_pixel(
    order: list[int], pair: tuple[float, float]
) -> None:
    """The pixels of a cell that is nowhere absorbed climb to its own summit."""
    heights = (np.array(order, np.float32).reshape(7, -1) + 1) / (len(order) + 1)
    labels = label_cells(heights, config_of(pair))
    rim = np.pad(heights, 1)
    for y, x in np.argwhere(labels > 0):
        around = {
            (y - 1, x): rim[y, x + 1],
            (y + 1, x): rim[y + 2, x + 1],
            (y, x - 1): rim[y + 1, x],
            (y, x + 1): rim[y + 1, x + 2],
        }
        best = max(around, key=lambda place: around[place])
        if around[best] > heights[y, x]:
            assert labels[y, x] == labels[best]
