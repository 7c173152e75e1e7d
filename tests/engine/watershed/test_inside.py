"""Cells are wanted inside of polygons or of a mask only: their summit decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.drawings.distance_maps import KINDS, touching_cells

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

PLAIN = WatershedConfig()
SQUARE = ((19.5, 29.5), (19.5, 90.5), (70.5, 90.5), (70.5, 29.5))
TRIANGLE = ((80.0, 5.0), (80.0, 110.0), (118.0, 50.0))


def square_mask() -> np.ndarray:
    mask = np.zeros((120, 120), np.bool_)
    mask[20:71, 30:91] = True
    return mask


def summits(distance: np.ndarray, labels: np.ndarray) -> dict[int, tuple[int, int]]:
    """The highest pixel of each cell."""
    found = {}
    for cell in np.unique(labels[labels > 0]).tolist():
        place = int(np.argmax(np.where(labels == cell, distance, -1)))
        found[cell] = divmod(place, labels.shape[1])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_innermost_pixel_decides_and_cells_are_not_cut(kind: str) -> None:
    distance, mask = KINDS[kind](2, 120), square_mask()
    every = label_cells(distance, PLAIN)
    inside = [c for c, place in summits(distance, every).items() if mask[place]]
    assert 0 < len(inside) < len(summits(distance, every))
    expected = np.where(np.isin(every, inside), every, 0)
    assert (expected[~mask] > 0).any()  # some reach beyond
    np.testing.assert_array_equal(label_cells(distance, PLAIN, within=mask), expected)
    drawn = WatershedConfig(inside=(SQUARE,))
    np.testing.assert_array_equal(label_cells(distance, drawn), expected)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    kind=st.sampled_from(sorted(KINDS)),
    seed_threshold=st.floats(0.2, 0.8),
    share=st.floats(0, 1),
)
def test_a_mask_and_its_complement_share_the_cells_out(
    seed: int, kind: str, seed_threshold: float, share: float
) -> None:
    distance = KINDS[kind](seed, 64)
    mask = np.random.default_rng(seed).random(distance.shape) < share
    config = WatershedConfig(seed_threshold=seed_threshold)
    live = LiveWatershed(distance)
    one, other = (live.query(config, within=m) for m in (mask, ~mask))
    assert one.count() + other.count() == live.count(config)
    assert not ((one.labels() > 0) & (other.labels() > 0)).any()
    np.testing.assert_array_equal(one.labels() + other.labels(), live.labels(config))


def test_several_polygons_are_one_place_and_none_is_nowhere() -> None:
    distance = touching_cells(4, 120)
    live = LiveWatershed(distance)
    parts = [live.labels(WatershedConfig(inside=(p,))) for p in (SQUARE, TRIANGLE)]
    both = live.labels(WatershedConfig(inside=(SQUARE, TRIANGLE)))
    np.testing.assert_array_equal(both, np.maximum(*parts))
    assert live.count(WatershedConfig(inside=())) == 0
    assert live.count(PLAIN) > live.count(WatershedConfig(inside=(SQUARE,))) > 0


def test_a_part_of_the_plane_sees_polygons_where_they_are() -> None:
    distance = touching_cells(5, 120)
    part = distance[10:110, 20:110]
    config = WatershedConfig(inside=(SQUARE,))
    found = label_cells(part, config.seen_from(10, 20))
    expected = label_cells(part, PLAIN, within=square_mask()[10:110, 20:110])
    np.testing.assert_array_equal(found, expected)
    assert PLAIN.seen_from(10, 20) is PLAIN


def test_a_place_holds_in_all_slices_of_a_volume_or_in_some() -> None:
    plane = touching_cells(6, 120)
    volume = np.stack([0.9 * plane, plane, 0 * plane, plane])
    live = LiveWatershed(volume)
    every, mask = live.labels(PLAIN), square_mask()
    tops = {
        cell: np.unravel_index(
            np.argmax(np.where(every == cell, volume, -1)), (4, *mask.shape)
        )
        for cell in np.unique(every[every > 0]).tolist()
    }
    kept = [cell for cell, top in tops.items() if mask[top[1:]]]
    assert {int(tops[cell][0]) for cell in kept} == {1, 3}
    expected = np.where(np.isin(every, kept), every, 0)
    drawn = live.labels(WatershedConfig(inside=(SQUARE,)))
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(live.query(PLAIN, within=mask).labels(), expected)
    below = np.stack([~mask, ~mask & mask, ~mask & mask, mask])
    found = live.query(PLAIN, within=below).labels()
    assert found[3].any()
    np.testing.assert_array_equal(found[3], expected[3])
    assert not found[:3].any()


def test_polygons_are_recorded_and_checked() -> None:
    config = SegmentConfig().with_overrides(inside=(SQUARE, TRIANGLE))
    assert SegmentConfig.from_dict(config.to_dict()) == config
    assert config.same_map(SegmentConfig())
    former = SegmentConfig().to_dict()
    del former["watershed"]["inside"]  # from before there was this setting
    assert SegmentConfig.from_dict(former) == SegmentConfig()
    for wrong in (SQUARE, (SQUARE[:2],), ((("a", 1),) * 3,), [SQUARE]):
        with pytest.raises(SettingsError, match="tuple of polygons"):
            WatershedConfig(inside=wrong)
