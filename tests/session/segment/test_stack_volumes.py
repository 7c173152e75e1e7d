"""Volumes of a result: slices are cut together, at any thresholds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.fakes import FakeModelSlot, FakeSource, fake_map, spots

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.stack_config import StackConfig
from napari_dinocell.engine.volume.volume_map import join_slices
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.session.segment.events import LabelsGrew, SegmentRequest
from napari_dinocell.session.segment.job import segment_planes
from napari_dinocell.session.segment.stack_result import StackResult

if TYPE_CHECKING:
    from collections.abc import Callable

THRESHOLDS = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.1)
SHAPE = (70, 90)
STACK = np.stack(
    [
        spots(SHAPE, [(15, 20), (50, 60)]),
        spots(SHAPE, [(16, 21), (50, 61)]),
        spots(SHAPE, [(16, 22)]),
        spots(SHAPE, [(16, 22), (30, 70)]),
    ]
)
VOLUME = StackConfig(volume=True, z_spacing=2.0)
CONFIG = replace(SegmentConfig(watershed=THRESHOLDS), stack=VOLUME)


def request_of(stack: np.ndarray, config: SegmentConfig = CONFIG) -> SegmentRequest:
    source: Any = FakeSource(stack)
    return SegmentRequest(
        model="default",
        device="cpu",
        source=source,
        planes=tuple((z,) for z in range(len(stack))),
        config=config,
        thresholds=lambda: THRESHOLDS,
    )


def run(
    result: StackResult,
    config: SegmentConfig = CONFIG,
    cancel: Callable[[], bool] = lambda: False,
) -> list[Any]:
    slot: Any = FakeModelSlot()
    return list(segment_planes(slot, request_of(STACK, config), result, cancel))


@pytest.fixture
def result() -> StackResult:
    """After a run of the whole stack as a volume."""
    found = StackResult(STACK.shape)
    run(found)
    return found


def expected(seed_threshold: float = THRESHOLDS.seed_threshold) -> np.ndarray:
    maps = np.stack([fake_map(plane) for plane in STACK])
    thresholds = replace(THRESHOLDS, seed_threshold=seed_threshold)
    return label_cells(join_slices(maps, z_spacing=2.0, bridge=1), thresholds)


def test_a_run_ends_with_the_cells_of_the_volume(result: StackResult) -> None:
    np.testing.assert_array_equal(result.labels, expected())
    assert len({int(result.labels[z, 16, 21]) for z in range(4)}) == 1
    assert set(result.counts.values()) == {np.unique(expected()).size - 1}
    assert not result.outdated


def test_maps_stay_those_of_the_slices(result: StackResult) -> None:
    for z, plane in enumerate(STACK):
        np.testing.assert_array_equal(result.maps[z], fake_map(plane))


def test_every_slice_is_told_to_have_changed() -> None:
    events = run(StackResult(STACK.shape))
    last = [e.index for e in events[-4:] if isinstance(e, LabelsGrew)]
    assert last == [(0,), (1,), (2,), (3,)]


def test_slices_follow_thresholds_at_once(result: StackResult) -> None:
    moved = replace(THRESHOLDS, seed_threshold=0.8)
    assert result.has_watershed((2,))
    for z in range(4):
        result.relabel((z,), moved)
    np.testing.assert_array_equal(result.labels, expected(0.8))


def test_other_gaps_are_closed_without_a_new_run(result: StackResult) -> None:
    result.volumes.set_bridge(0)
    assert result.outdated
    assert not result.has_watershed((2,))
    for z in (3, 0, 1, 2):  # the last one alone does not bring them in step
        result.relabel((z,), THRESHOLDS)
    assert result.outdated
    for z in range(4):
        result.relabel((z,), THRESHOLDS)
    assert not result.outdated
    maps = np.stack([fake_map(plane) for plane in STACK])
    open_gaps = label_cells(join_slices(maps, z_spacing=2.0, bridge=0), THRESHOLDS)
    np.testing.assert_array_equal(result.labels, open_gaps)


def test_a_part_of_a_slice_has_the_same_ids(result: StackResult) -> None:
    part = (slice(5, 40), slice(10, 60))
    found = result.query((1,), THRESHOLDS).labels(part)
    np.testing.assert_array_equal(found, expected()[(1, *part)])


def test_a_cell_that_is_locked_in_a_slice_keeps_its_id_in_others(
    result: StackResult,
) -> None:
    cell = int(result.labels[0, 15, 20])
    result.locks.plane((0,)).lock(result.labels[0], [cell])
    before, cells = result.labels[0] == cell, result.counts[1,]
    smaller = replace(THRESHOLDS, foreground_threshold=0.4)
    for z in range(4):
        assert result.relabel((z,), smaller) == cells
    np.testing.assert_array_equal(result.labels[0] == cell, before)
    assert 0 < np.sum(result.labels[1] == cell) < np.sum(expected()[1] == cell)


def test_a_run_of_planes_ends_the_volume(result: StackResult) -> None:
    planes = replace(CONFIG, stack=StackConfig())
    run(result, planes)
    for z, plane in enumerate(STACK):
        own = label_cells(fake_map(plane), THRESHOLDS)
        np.testing.assert_array_equal(result.labels[z], own)


def test_a_volume_that_lacks_slices_shows_those_it_has() -> None:
    found = StackResult(STACK.shape)
    calls = iter(range(100))
    run(found, cancel=lambda: next(calls) > 12)
    assert 0 < len(found.finished_planes) < 4
    first = found.finished_planes[0]
    assert found.has_watershed(first)
    assert found.query(first, THRESHOLDS).count() > 0
