"""A first look: cells are shown while they are measured, and are no result."""

from __future__ import annotations

from contextlib import closing

import numpy as np
from tests.session.segment.test_job import IMAGE, cells_of, never, request
from tests.widgets.drivers.fakes import FakeModelSlot, FakeSegmenter, FakeSource

from napari_dinocell.session.regions import common_region
from napari_dinocell.session.segment.events import LabelsGrew
from napari_dinocell.session.segment.job import segment_planes
from napari_dinocell.session.segment.stack_result import StackResult


def looking() -> FakeModelSlot:
    """Sees the cell at (50, 60) and a part of that at (80, 20) while it measures."""
    look = (slice(36, 76), slice(0, 90))
    return FakeModelSlot(FakeSegmenter(first_look=look, hold_scale=True))


def test_labels_appear_while_the_cells_are_measured() -> None:
    slot, result = looking(), StackResult(IMAGE.shape)
    events = segment_planes(slot, request(FakeSource(IMAGE)), result, never)
    grew = next(event for event in events if isinstance(event, LabelsGrew))
    assert result.labels[50, 60] > 0
    assert grew.cells == cells_of(result.labels) < 4
    seen = slot.segmenter.first_look
    assert seen is not None
    assert common_region(grew.region, seen) == grew.region
    slot.segmenter.hold_scale = False
    list(events)
    expected = StackResult(IMAGE.shape)
    list(segment_planes(FakeModelSlot(), request(FakeSource(IMAGE)), expected, never))
    np.testing.assert_array_equal(result.labels, expected.labels)
    np.testing.assert_array_equal(result.maps, expected.maps)


def test_a_first_look_is_gone_when_the_run_ends_before_its_tiles() -> None:
    result = StackResult(IMAGE.shape)
    wanted = request(FakeSource(IMAGE))
    with closing(segment_planes(looking(), wanted, result, never)) as events:
        next(event for event in events if isinstance(event, LabelsGrew))
    assert result.labels.max() == 0
    assert result.maps.max() == 0
