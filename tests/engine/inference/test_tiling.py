"""Tiles cover every pixel, and their shares of it sum to one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_dinocell.engine.config import TilingConfig
from napari_dinocell.engine.inference.tiling import (
    blend_weights,
    plan_grid,
    plan_tiles,
    shares,
)

sides = st.integers(1, 300)


@st.composite
def tilings(draw: st.DrawFn) -> TilingConfig:
    size = 16 * draw(st.integers(2, 6))
    return TilingConfig(tile_size=size, overlap=draw(st.integers(0, size // 2)))


@given(height=sides, width=sides, config=tilings())
def test_every_pixel_is_covered_by_tiles_of_one_size(
    height: int, width: int, config: TilingConfig
) -> None:
    tiles = plan_tiles((height, width), config)
    covered = np.zeros((height, width), int)
    for tile in tiles:
        covered[tile.rows, tile.columns] += 1
        assert tile.y >= 0
        assert tile.x >= 0
    assert covered.min() >= 1
    assert len(set(tiles)) == len(tiles)
    (size,) = {(tile.height, tile.width) for tile in tiles}
    assert all(side % 16 == 0 and side <= config.tile_size for side in size)


@given(length=sides, config=tilings())
def test_neighbours_share_at_least_the_overlap(
    length: int, config: TilingConfig
) -> None:
    grid = plan_grid((length, length), config)
    steps = np.diff(grid.tops)
    assert (steps > 0).all()
    assert (steps <= config.tile_size - config.overlap).all()
    if len(grid.tops) > 1:
        assert grid.tops[-1] + config.tile_size == length


@given(length=sides, config=tilings())
def test_shares_are_positive_and_sum_to_one_at_every_pixel(
    length: int, config: TilingConfig
) -> None:
    grid = plan_grid((length, 1), config)
    total = np.zeros(length)
    parts = shares(grid.tops, grid.tile_shape[0], length, config.overlap)
    for start, share in parts.items():
        assert (share > 0).all()
        total[start : start + len(share)] += share
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(config=tilings())
def test_blend_weights_are_positive_and_symmetric(config: TilingConfig) -> None:
    weights = blend_weights(config.tile_size, config.overlap)
    assert weights.shape == (config.tile_size, config.tile_size)
    assert weights.dtype == np.float32
    assert (weights > 0).all()
    assert weights.max() <= 1
    np.testing.assert_array_equal(weights, weights.T)
    np.testing.assert_allclose(weights, weights[::-1], atol=1e-7)


def test_blend_weights_of_neighbours_complement_each_other() -> None:
    weights = blend_weights(64, 16)
    np.testing.assert_allclose(weights[20:40, -16:] + weights[20:40, :16], 1, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), (16, 16)), ((100, 700), (112, 256)), ((256, 33), (256, 48))],
    ids=str,
)
def test_small_images_get_small_tiles(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert plan_grid(shape, TilingConfig()).tile_shape == expected


def test_default_tiling_of_2048_has_81_tiles() -> None:
    assert len(plan_tiles((2048, 2048), TilingConfig())) == 81


def test_tiles_in_view_come_first_and_the_nearest_to_its_centre_first() -> None:
    config = TilingConfig(tile_size=32, overlap=0)
    tiles = plan_tiles((320, 320), config, viewport=(slice(100, 190), slice(30, 130)))
    seen = [t.y < 190 and t.y + 32 > 100 and t.x < 130 and t.x + 32 > 30 for t in tiles]
    assert seen == sorted(seen, reverse=True)
    assert 0 < sum(seen) < len(tiles)
    distance = [(t.y + 16 - 145) ** 2 + (t.x + 16 - 80) ** 2 for t in tiles]
    inside = sum(seen)
    assert distance[:inside] == sorted(distance[:inside])
    assert distance[inside:] == sorted(distance[inside:])
    assert sorted(tiles, key=repr) == sorted(plan_tiles((320, 320), config), key=repr)


@pytest.mark.parametrize(
    "viewport",
    [
        (slice(None), slice(None)),
        (slice(-50, None), slice(2000, 5000)),
        (slice(400, 500), slice(0, 10)),
        (slice(5, 5), slice(0, 10)),
    ],
    ids=["all", "partly outside", "outside", "empty"],
)
def test_any_viewport_leaves_the_same_tiles(viewport: tuple[slice, slice]) -> None:
    config = TilingConfig(tile_size=64, overlap=16)
    expected = plan_tiles((300, 200), config)
    found = plan_tiles((300, 200), config, viewport=viewport)
    assert sorted(found, key=repr) == sorted(expected, key=repr)
