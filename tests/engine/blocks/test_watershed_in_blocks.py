"""Labels in blocks are those of the whole plane, pixel for pixel and id for id."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dinocell.engine.blocks.block_cells import HaloRule, find_block_cells
from napari_dinocell.engine.blocks.expand import expand_block
from napari_dinocell.engine.blocks.grid import BlockGrid
from napari_dinocell.engine.blocks.holes import (
    fill_block_holes,
    open_background,
    owners_of_holes,
)
from napari_dinocell.engine.blocks.numbering import CellSummary, number_cells
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import HaloLimitError, SettingsError
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Labels

NO_LIMIT = HaloRule(first=1, limit=None)


def labels_in_blocks(
    distance_map: DistanceMap,
    config: WatershedConfig,
    side: int,
    *,
    halo: HaloRule = NO_LIMIT,
    consecutive: bool = False,
    expand: float = 0,
) -> Labels:
    """All that a run does, with blocks in an odd order and sent as bytes."""
    grid = BlockGrid(distance_map.shape, side)
    order = sorted(range(len(grid)), key=lambda number: (number * 7919) % 101)
    cells = {
        n: pickle.loads(
            pickle.dumps(find_block_cells(distance_map, grid.window(n), config, halo))
        )
        for n in order
    }
    ids = number_cells(
        [CellSummary.of(cells[n]) for n in order], config, consecutive=consecutive
    )
    parts = [ids.labels(cells[n].numbers, cells[n].keys) for n in range(len(grid))]
    if config.fill_holes:
        background = [
            open_background(part, grid.window(n), grid.shape)
            for n, part in enumerate(parts)
        ]
        owners = owners_of_holes(grid, background)
        for part, owner in zip(parts, owners, strict=True):
            fill_block_holes(part, owner)
    labels = np.empty(grid.shape, np.int32)
    for n, part in enumerate(parts):
        labels[grid.window(n).slices] = part
    grown = np.empty_like(labels)
    for n in range(len(grid)):
        window = grid.window(n)
        grown[window.slices] = expand_block(labels, window, expand)
    return grown


def labels_of_whole(
    distance_map: DistanceMap,
    config: WatershedConfig,
    *,
    consecutive: bool = False,
    expand: float = 0,
) -> Labels:
    labels = expand_cells(label_cells(distance_map, config), expand)
    return ConsecutiveIds().renumber(labels) if consecutive else labels


def random_map(
    seed: int, shape: tuple[int, int], blur: float, levels: int, lift: float
) -> DistanceMap:
    """Lumps of noise; with few levels all is plateaus, lifted all is one carpet."""
    rng = np.random.default_rng(seed)
    noise = rng.random(shape, np.float32)
    if blur:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
    noise -= noise.min()
    noise /= noise.max() or 1
    noise = lift + (1 - lift) * noise
    if levels:
        noise = np.round(noise * levels) / levels
    distance_map: DistanceMap = noise.astype(np.float32)
    return distance_map


MAPS = st.builds(
    random_map,
    seed=st.integers(0, 2**31),
    shape=st.tuples(st.integers(1, 45), st.integers(1, 45)),
    blur=st.sampled_from([0, 0.7, 1.5, 3]),
    levels=st.sampled_from([0, 0, 1, 2, 3, 5, 9, 17, 64]),
    lift=st.sampled_from([0, 0, 0.2, 0.5]),
)


@st.composite
def configs(draw: Any) -> WatershedConfig:
    foreground, seed = sorted(draw(st.tuples(*[st.floats(0.01, 0.95)] * 2)))
    low = draw(st.sampled_from([0, 0, 2, 5, 20]))
    return WatershedConfig(
        seed_threshold=seed,
        foreground_threshold=foreground,
        prominence=draw(st.sampled_from([1.0, 0.4, 0.0, 0.13, 0.7])),
        min_size=low,
        max_size=draw(st.sampled_from([0, 0, low + 3, low + 60])),
        exclude_border=draw(st.booleans()),
        fill_holes=draw(st.booleans()),
    )


@settings(max_examples=80)
@given(
    MAPS,
    configs(),
    st.integers(1, 30),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from([0, 0, 1, 2.5]),
)
def test_blocks_are_the_whole(
    distance_map: DistanceMap,
    config: WatershedConfig,
    side: int,
    halo: int,
    consecutive: bool,
    expand: float,
) -> None:
    expected = labels_of_whole(
        distance_map, config, consecutive=consecutive, expand=expand
    )
    found = labels_in_blocks(
        distance_map,
        config,
        max(side, -(-max(distance_map.shape) // 4)),
        halo=HaloRule(first=halo, limit=None),
        consecutive=consecutive,
        expand=expand,
    )
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("levels", [0, 64, 16, 4])
def test_carpets_that_percolate(levels: int) -> None:
    """Half of the plane is one connected carpet of many cells, cut by every block."""
    distance_map = random_map(3, (200, 270), 4, levels, 0)
    config = WatershedConfig(seed_threshold=0.55, foreground_threshold=0.45)
    expected = labels_of_whole(distance_map, config)
    assert np.unique(expected).size > 20
    found = labels_in_blocks(
        distance_map, config, 48, halo=HaloRule(first=8, limit=None)
    )
    assert np.array_equal(found, expected)


def disc(side: int, centre: tuple[int, int], radius: int) -> DistanceMap:
    y, x = np.mgrid[:side, :side]
    away = np.hypot(y - centre[0], x - centre[1])
    distance_map: DistanceMap = np.clip(1 - away / radius, 0, 1).astype(np.float32)
    return distance_map


def test_cell_larger_than_blocks() -> None:
    distance_map = disc(60, (27, 33), 26)
    config = WatershedConfig(min_size=1700, fill_holes=True)
    expected = labels_of_whole(distance_map, config)
    assert expected.max() == 1
    assert np.array_equal(labels_in_blocks(distance_map, config, 11), expected)


def test_hole_across_blocks_is_filled_and_a_shared_one_is_not() -> None:
    """A ring around three blocks, and two half rings that meet around others."""
    distance_map = np.zeros((40, 80), np.float32)
    distance_map[4:36, 4:36] = 0.8
    distance_map[10:30, 10:30] = 0
    distance_map[4:36, 44:76] = 0.8
    distance_map[10:30, 50:70] = 0
    distance_map[4:10, 60] = distance_map[30:36, 60] = 0.2  # two cells on the right
    distance_map[20, 20] = 0.3  # no cell, no part of one: it is background
    config = WatershedConfig(fill_holes=True, prominence=0)
    expected = labels_of_whole(distance_map, config)
    assert expected[20, 15] > 0
    assert expected[20, 55] == 0
    wide = HaloRule(first=16, limit=None)
    found = labels_in_blocks(distance_map, config, 7, halo=wide)
    assert np.array_equal(found, expected)


def test_what_a_block_needs_no_more_for_is_not_read() -> None:
    """Far cells on background: a halo of a few pixels is all that is looked at."""

    class Watched:
        shape = (400, 400)
        read = 0

        def __getitem__(self, part: tuple[slice, slice]) -> DistanceMap:
            found = disc(400, (200, 200), 15)[part]
            self.read = max(self.read, found.size)
            return found

    plane = Watched()
    block = BlockGrid((400, 400), 100).window(5)
    cells = find_block_cells(plane, block, WatershedConfig(), HaloRule(first=20))
    assert cells.keys.size == 2
    assert plane.read <= 140**2


def test_limit_of_the_halo_is_an_error_or_cuts_and_says_so() -> None:
    distance_map = np.full((60, 60), 0.3, np.float32)
    distance_map[59, 59] = 0.9
    config = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.1, prominence=1)
    block = BlockGrid((60, 60), 10).window(0)
    with pytest.raises(HaloLimitError, match=r"within 16 pixels.*100 pixels depend"):
        find_block_cells(distance_map, block, config, HaloRule(first=4, limit=16))
    rule = HaloRule(first=4, limit=16, cut=True)
    cut = find_block_cells(distance_map, block, config, rule)
    assert cut.cut == 100
    assert not cut.numbers.any()
    whole = find_block_cells(distance_map, block, config, HaloRule(first=4, limit=None))
    assert whole.cut == 0
    assert whole.numbers.all()


def test_halos_without_sense_are_refused() -> None:
    with pytest.raises(SettingsError, match="at least 1 pixel, got 0"):
        HaloRule(first=0)
    with pytest.raises(SettingsError, match="at least the first halo, 64, got 8"):
        HaloRule(limit=8)


def test_plane_without_cells() -> None:
    flat = np.zeros((20, 30), np.float32)
    assert not labels_in_blocks(flat, WatershedConfig(fill_holes=True), 7).any()
