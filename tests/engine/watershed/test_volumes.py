"""The watershed in three dimensions: the same definition, six neighbours."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.fill_holes import fill_holes
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Site = tuple[int, ...]

PAIRS = st.tuples(st.floats(0.02, 0.98), st.floats(0.02, 0.98)).map(
    lambda pair: (max(pair), min(pair))
)
SHAPES = st.tuples(*[st.integers(1, 5)] * 3)


def hills(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """Hills of all heights, no two voxels alike."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    noise = ndi.gaussian_filter(noise, 1.5)
    noise -= noise.min()
    return (noise / noise.max()).astype(np.float32)


def config_of(
    pair: tuple[float, float],
    *,
    prominence: float = 1,
    parting: float = 1,
    **more: Any,
) -> WatershedConfig:
    seed, foreground = pair
    return WatershedConfig(
        seed_threshold=seed,
        foreground_threshold=foreground,
        prominence=prominence,
        parting=parting,
        **more,
    )


def neighbours(site: Site, shape: tuple[int, ...]) -> Iterator[Site]:
    for axis, step in product(range(3), (-1, 1)):
        place = site[axis] + step
        if 0 <= place < shape[axis]:
            yield (*site[:axis], place, *site[axis + 1 :])


def slow_labels(
    heights: NDArray[np.float32], config: WatershedConfig
) -> NDArray[np.int64]:
    """Voxel by voxel, join by join: what the forest is to find at once.

    Only for maps without ties. A cell is numbered by its highest voxel.
    """
    seed = np.float32(config.seed_threshold)
    foreground = np.float32(config.foreground_threshold)
    ground = [tuple(map(int, s)) for s in np.argwhere(heights > foreground)]

    def summit(site: Site) -> Site:
        around = [site, *neighbours(site, heights.shape)]
        best = max(around, key=heights.__getitem__)
        return site if best == site else summit(best)

    home = {site: summit(site) for site in ground}
    saddles: dict[tuple[Site, Site], tuple[float, float]] = {}
    for site in ground:
        for beside in neighbours(site, heights.shape):
            if beside in home and home[site] != home[beside]:
                pair = home[site], home[beside]
                low, high = sorted((heights[site], heights[beside]))
                saddles[pair] = max(saddles.get(pair, (0, 0)), (low, high))
    group = {top: top for top in home.values()}
    for one, other in sorted(saddles, key=saddles.__getitem__, reverse=True):
        kept, lost = sorted((group[one], group[other]), key=lambda top: -heights[top])
        need = max(seed, np.float32(1 - config.parting * (1 - seed)) * heights[lost])
        if heights[lost] <= seed or saddles[one, other][0] > need:
            group = {top: kept if g == lost else g for top, g in group.items()}
    numbers = {top: 1 + int(np.ravel_multi_index(top, heights.shape)) for top in group}
    labels = np.zeros(heights.shape, np.int64)
    for site, top in home.items():
        if heights[group[top]] > seed:
            labels[site] = numbers[group[top]]
    return labels


def same_cells(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two label images differ by nothing but their ids."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    one_to_one = all(np.unique(side).size == side.size for side in pairs)
    return one_to_one and np.array_equal(one == 0, other == 0)


def without_ties(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """All heights differ, in an order of chance."""
    count = int(np.prod(shape))
    order = np.random.default_rng(seed).permutation(count)
    return ((order + 1) / (count + 1)).astype(np.float32).reshape(shape)


@settings(max_examples=80)
@given(
    shape=SHAPES,
    seed=st.integers(0, 2**16),
    pair=PAIRS,
    parting=st.sampled_from([1.0, 0.3]),
)
def test_forest_finds_what_joining_voxel_by_voxel_finds(
    shape: tuple[int, int, int],
    seed: int,
    pair: tuple[float, float],
    parting: float,
) -> None:
    """A parting means nothing to the one slice of a plane."""
    heights = without_ties(shape, seed)
    config = config_of(pair, parting=parting if shape[0] > 1 else 1)
    assert same_cells(label_cells(heights, config), slow_labels(heights, config))


@settings(max_examples=60)
@given(
    shape=SHAPES,
    seed=st.integers(0, 2**16),
    pair=PAIRS,
    prominence=st.sampled_from([0.4, 0.1, 0.0]),
)
def test_prominence_only_takes_basins_away(
    shape: tuple[int, int, int],
    seed: int,
    pair: tuple[float, float],
    prominence: float,
) -> None:
    heights, config = without_ties(shape, seed), config_of(pair, prominence=prominence)
    free = label_cells(heights, replace(config, prominence=1))
    found = label_cells(heights, config)
    kept = found > 0
    assert same_cells(found[kept], free[kept])
    assert np.all(kept[heights > np.float32(pair[0])])


@st.composite
def rough_volumes(draw: st.DrawFn) -> NDArray[np.float32]:
    """Small volumes of few or many levels: ties, plateaus and corners everywhere."""
    levels = draw(st.sampled_from([2, 4, 10, 1000]))
    elements = st.integers(0, levels)
    heights = draw(arrays(np.int64, draw(SHAPES), elements=elements))
    return (heights / levels).astype(np.float32)


@settings(max_examples=100)
@given(volume=rough_volumes(), pair=PAIRS)
def test_every_volume_obeys_the_definition(
    volume: NDArray[np.float32], pair: tuple[float, float]
) -> None:
    """One cell per seed region, one piece each, and all foreground a seed can reach."""
    labels = label_cells(volume, config_of(pair))
    seeds, count = ndi.label(volume > np.float32(pair[0]))
    ids_of_seeds = [np.unique(labels[seeds == seed]) for seed in range(1, count + 1)]
    assert all(ids.size == 1 and ids[0] > 0 for ids in ids_of_seeds)
    ids = np.unique(labels[labels > 0])
    assert ids.size == count == len({int(ids[0]) for ids in ids_of_seeds})
    assert all(ndi.label(labels == number)[1] == 1 for number in ids)
    flooded = watershed(-volume, seeds, mask=volume > np.float32(pair[1]))
    np.testing.assert_array_equal(labels > 0, flooded > 0)


@settings(max_examples=60)
@given(volume=rough_volumes(), pair=PAIRS, prominence=st.sampled_from([1.0, 0.4]))
def test_one_slice_has_the_cells_of_its_plane(
    volume: NDArray[np.float32], pair: tuple[float, float], prominence: float
) -> None:
    config = config_of(
        pair, prominence=prominence, min_size=2, exclude_border=prominence < 1
    )
    plane = label_cells(volume[0], config)
    np.testing.assert_array_equal(label_cells(volume[:1], config)[0], plane)


@pytest.mark.parametrize("axes", [(0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_turned_volume_gives_turned_cells(axes: tuple[int, int, int]) -> None:
    """No axis is special to the forest: anisotropy is a matter of the map."""
    heights = hills((14, 20, 17))
    config = config_of((0.5, 0.2))
    turned = label_cells(np.ascontiguousarray(heights.transpose(axes)), config)
    expected = label_cells(heights, config)
    assert expected.max() > 0
    assert same_cells(turned, expected.transpose(axes))


def test_threads_change_nothing() -> None:
    """The volume has several bands, in slices and across them."""
    heights = np.tile(hills((6, 64, 64)), (1, 5, 5))
    one, three = (LiveWatershed(heights, workers=n) for n in (1, 3))
    config = config_of((0.5, 0.2), min_size=9)
    np.testing.assert_array_equal(one.labels(config), three.labels(config))


def test_cells_through_slices_are_one_and_cells_above_one_another_are_two() -> None:
    column = np.array([0.9, 0.8, 0.9, 0.2, 0.8, 0.9]).reshape(-1, 1, 1)
    labels = label_cells(column, config_of((0.47, 0.09)))
    assert labels.ravel().tolist()[:3] == [1, 1, 1]
    assert labels.ravel().tolist()[4:] == [3, 3]  # the third highest summit


def test_seeds_part_over_a_saddle_well_below_them() -> None:
    """0.7 is above the seed threshold, but below 85 % of the lower summit."""
    column = np.array([0.9, 0.95, 0.7, 0.9, 0.8]).reshape(-1, 1, 1)
    for parting, cells in ((1.0, 1), (0.3, 2), (0.6, 1)):
        config = config_of((0.5, 0.1), parting=parting)
        assert LiveWatershed(column).count(config) == cells


def test_sizes_are_counted_in_voxels() -> None:
    live = LiveWatershed(hills((8, 24, 24)))
    everything = live.labels(config_of((0.6, 0.5)))
    sizes = np.bincount(everything.ravel())
    middle = int(np.median(sizes[1:][sizes[1:] > 0]))
    found = live.labels(config_of((0.6, 0.5), min_size=middle))
    np.testing.assert_array_equal(
        found, np.where(sizes[everything] >= middle, everything, 0)
    )
    assert 0 < np.unique(found).size < np.unique(everything).size


@pytest.mark.parametrize("foreground", [0.3, 0.4, 0.25])
def test_cells_in_too_few_slices_are_dropped(foreground: float) -> None:
    live = LiveWatershed(hills((12, 24, 24)))
    everything = live.labels(config_of((0.5, foreground)))
    extents = np.zeros(int(everything.max()) + 1, int)
    for number, place in enumerate(ndi.find_objects(everything), start=1):
        if place is not None:
            extents[number] = place[0].stop - place[0].start
    least = int(np.median(extents[extents > 0])) + 1
    found = live.labels(config_of((0.5, foreground), min_z_extent=least))
    np.testing.assert_array_equal(
        found, np.where(extents[everything] >= least, everything, 0)
    )
    assert 1 < np.unique(found).size < np.unique(everything).size


def test_a_plane_has_no_extent_along_z() -> None:
    heights = hills((1, 20, 20))[0]
    config = config_of((0.5, 0.3), min_z_extent=5)
    np.testing.assert_array_equal(
        label_cells(heights, config), label_cells(heights, config_of((0.5, 0.3)))
    )


def test_the_first_and_the_last_slice_are_no_border() -> None:
    heights = np.zeros((4, 9, 9), np.float32)
    heights[:, 4, 4] = 0.9
    heights[1, 0, 0] = 0.8
    config = config_of((0.5, 0.1), exclude_border=True)
    assert np.count_nonzero(label_cells(heights, config)) == 4


def test_holes_are_filled_slice_by_slice() -> None:
    labels = np.ones((3, 5, 5), np.int32)
    labels[:, 2, 2] = 0  # a tunnel, in each slice a hole
    assert fill_holes(labels.copy()).all()
    tunnel = np.where(labels > 0, 0.8, 0).astype(np.float32)
    assert label_cells(tunnel, config_of((0.5, 0.1), fill_holes=True)).all()


@pytest.mark.parametrize(
    "window",
    [(3,), (slice(2, 4), slice(5, 9), slice(None)), (3, slice(1, 20, 3), slice(4, 9))],
    ids=["slice", "box", "part of a slice"],
)
def test_window_gives_the_same_voxels_as_the_volume(window: tuple[Any, ...]) -> None:
    live = LiveWatershed(hills((8, 24, 24)))
    query = live.query(config_of((0.5, 0.3), min_size=30))
    np.testing.assert_array_equal(query.labels(window), query.labels()[window])


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.astype(np.float64),
        np.asfortranarray,
        lambda a: np.repeat(a, 2, 0)[::2],
        lambda a: a.transpose(2, 1, 0).copy().transpose(2, 1, 0),
    ],
    ids=["float64", "Fortran", "strided", "turned"],
)
def test_type_and_layout_do_not_matter(change: Callable[[Any], Any]) -> None:
    heights = hills((6, 20, 20))
    config = config_of((0.5, 0.3))
    np.testing.assert_array_equal(
        label_cells(change(heights), config), label_cells(heights, config)
    )


@pytest.mark.parametrize("shape", [(0, 4, 4), (3, 0, 4), (2, 3, 4)], ids=str)
def test_empty_and_flat_volumes(shape: tuple[int, int, int]) -> None:
    assert not label_cells(np.zeros(shape, np.float32), WatershedConfig()).any()
    assert np.all(label_cells(np.ones(shape, np.float32), WatershedConfig()) == 1)
