"""Blending: no seams, no order, no gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dinocell.engine.config import TilingConfig
from napari_dinocell.engine.inference.accumulator import MapBuilder, bounding_region
from napari_dinocell.engine.inference.scale import scaled_shape
from napari_dinocell.engine.inference.tiling import plan_tiles

CONFIG = TilingConfig(tile_size=32, overlap=12)


def fill(
    builder: MapBuilder, shape: tuple[int, int], seed: int, value: float | None = None
) -> None:
    """Add every tile, in an order made from the seed: random contents, or one value."""
    tiles = plan_tiles(shape, CONFIG)
    contents = np.random.default_rng(0).random((len(tiles), 32, 32), np.float32)
    for index in np.random.default_rng(seed).permutation(len(tiles)):
        tile = tiles[index]
        distance = contents[index, : tile.height, : tile.width]
        if value is not None:
            distance = np.full_like(distance, value)
        builder.add(tile, distance)


@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    value=st.floats(0, 1, width=32),
)
@settings(max_examples=40)
def test_constant_tiles_give_a_constant_map(
    height: int, width: int, value: float
) -> None:
    builder = MapBuilder((height, width), (height, width), CONFIG)
    fill(builder, (height, width), seed=0, value=value)
    np.testing.assert_allclose(builder.distance_map, value, atol=1e-6)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.9], ids=str)
def test_order_of_tiles_does_not_matter_to_the_bit(scale: float) -> None:
    shape = (70, 90)
    network = scaled_shape(shape, scale)
    maps = []
    for seed in range(3):
        builder = MapBuilder(shape, network, CONFIG)
        fill(builder, network, seed=seed)
        maps.append(builder.distance_map)
    np.testing.assert_array_equal(maps[1], maps[0])
    np.testing.assert_array_equal(maps[2], maps[0])


@pytest.mark.parametrize("scale", [0.37, 0.5, 1.0, 2.3], ids=str)
def test_reported_region_holds_every_pixel_that_changed(scale: float) -> None:
    shape = (83, 120)
    network = scaled_shape(shape, scale)
    builder = MapBuilder(shape, network, CONFIG)
    for tile in plan_tiles(network, CONFIG):
        before = builder.distance_map.copy()
        rows, columns = builder.add(
            tile, np.ones((tile.height, tile.width), np.float32)
        )
        changed = before != builder.distance_map
        assert changed.any()
        changed[rows, columns] = False
        assert not changed.any()
    np.testing.assert_allclose(builder.distance_map, 1, atol=1e-6)


def test_map_stays_in_range_while_it_fills() -> None:
    builder = MapBuilder((100, 100), (100, 100), CONFIG)
    fill(builder, (100, 100), seed=1, value=1.0)
    assert builder.distance_map.max() <= 1
    assert builder.distance_map.min() >= 0


def test_bounding_region_holds_all() -> None:
    regions = [(slice(5, 9), slice(0, 3)), (slice(2, 6), slice(8, 9))]
    assert bounding_region(regions) == (slice(2, 9), slice(0, 9))
