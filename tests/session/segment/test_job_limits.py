"""The job of a run whose limits are those of all planes of the image."""

from __future__ import annotations

import numpy as np
from tests.session.segment.test_job import (
    IMAGE,
    THRESHOLDS,
    never,
    real_image,
    request,
)
from tests.widgets.drivers.fakes import FakeModelSlot

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.segment.events import LimitsPlanned, PlaneStarted
from napari_dinocell.session.segment.job import measure_diameter, segment_planes
from napari_dinocell.session.segment.stack_result import StackResult


def stack_source(stack: np.ndarray) -> ImageSource:
    return ImageSource(
        data=stack,
        shape=stack.shape,
        plane_axes=(0,),
        channel_axis=None,
        rgb=False,
        dtype=stack.dtype,
    )


def test_limits_of_all_planes_are_measured_first_and_recorded() -> None:
    """Once, also for the planes that are not segmented."""
    stack = np.stack([IMAGE, IMAGE * 3, IMAGE // 2])
    holder, result = FakeModelSlot(), StackResult(stack.shape)
    asked = SegmentConfig(watershed=THRESHOLDS).with_overrides(limits="all")
    wanted = request(stack_source(stack), ((0,), (2,)), config=asked)
    events = list(segment_planes(holder, wanted, result, never))
    assert events[0] == LimitsPlanned(3)
    used = {run.contrast.limits for run in holder.segmenter.runs}
    assert used == {(50.0, 3000.0)}
    for index in wanted.planes:
        record = result.record(index)
        assert record is not None
        assert record.asked == asked
        assert record.limits == (50.0, 3000.0)
    again = list(segment_planes(holder, wanted, result, never))
    assert isinstance(again[0], PlaneStarted)


def test_cells_are_measured_with_the_limits_of_all_planes() -> None:
    stack = np.stack([IMAGE, IMAGE * 3])
    asked = SegmentConfig().with_overrides(limits="all")
    wanted = request(stack_source(stack), ((0,),), config=asked)
    holder = FakeModelSlot()
    list(measure_diameter(holder, wanted, never))
    assert holder.segmenter.runs[0].contrast.limits == (100.0, 3000.0)


def test_recorded_limits_give_a_plane_the_same_map_alone() -> None:
    """So do copies of the run, which hold the numbers."""
    image, slot = real_image(), ModelSlot()
    stack = np.stack([image, image / 2])
    result = StackResult(stack.shape)
    asked = SegmentConfig(watershed=THRESHOLDS).with_overrides(limits="all")
    wanted = request(stack_source(stack), ((0,), (1,)), config=asked)
    list(segment_planes(slot, wanted, result, never))
    record = result.record((1,))
    assert record is not None
    alone = asked.with_overrides(
        limits=record.limits, cell_diameter=record.cell_diameter
    )
    segmenter, _ = slot.get("default", "cpu")
    segmenter.forget_map()
    list(segmenter.steps(stack[1], alone))
    np.testing.assert_array_equal(segmenter.distance_map, result.read_map((1,)))
    own = alone.with_overrides(limits="image")
    list(segmenter.steps(stack[1], own))
    assert np.any(segmenter.distance_map != result.read_map((1,)))
