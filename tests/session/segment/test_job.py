"""The job of a run: what it writes, what it reports, what it gives back."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.widgets.drivers.fakes import (
    FakeModelSlot,
    FakeSegmenter,
    FakeSource,
    fake_map,
    spots,
)

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.engine.inference.events import ScaleChosen
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.sample import load_sample
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.segment.events import (
    LabelsGrew,
    MapGrew,
    PlaneDone,
    PlaneStarted,
    SegmentRequest,
)
from napari_dinocell.session.segment.job import measure_diameter, segment_planes
from napari_dinocell.session.segment.stack_result import StackResult

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
THRESHOLDS = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.1)


def never() -> bool:
    return False


def request(source: Any, planes: tuple[Any, ...] = ((),), **changes: Any) -> Any:
    values = {
        "model": "default",
        "device": "cpu",
        "source": source,
        "planes": planes,
        "config": SegmentConfig(watershed=THRESHOLDS),
        "thresholds": lambda: THRESHOLDS,
    }
    return SegmentRequest(**(values | changes))


def cells_of(labels: Any) -> int:
    return len(np.unique(labels)) - 1


def kinds(events: list[Any]) -> list[str]:
    """Names of the events, repetitions of tiles left out."""
    names = [type(event).__name__ for event in events]
    return [n for i, n in enumerate(names) if i == 0 or n != names[i - 1]]


def test_one_plane_from_start_to_end() -> None:
    result = StackResult(IMAGE.shape)
    events = list(
        segment_planes(FakeModelSlot(), request(FakeSource(IMAGE)), result, never)
    )
    assert kinds(events)[:2] == ["PlaneStarted", "ModelLoaded"]
    done = events[-1]
    assert isinstance(done, PlaneDone)
    assert done.cells == 4
    assert cells_of(result.labels) == 4
    np.testing.assert_array_equal(result.maps, fake_map(IMAGE))
    record = result.record(())
    assert record is not None
    assert record.cell_diameter == 17
    assert record.cells == 4
    assert result.model == ModelRecord(name="default", sha256="0" * 64)


def test_labels_appear_with_the_first_tiles() -> None:
    result = StackResult(IMAGE.shape)
    for event in segment_planes(
        FakeModelSlot(), request(FakeSource(IMAGE)), result, never
    ):
        if isinstance(event, LabelsGrew):
            break
    assert cells_of(result.labels) == 1  # the first 32 rows hold one whole cell
    assert result.maps[40:].max() == 0


def test_every_report_names_what_was_written() -> None:
    result = StackResult(IMAGE.shape)
    before = result.maps.copy()
    seen = 0
    for event in segment_planes(
        FakeModelSlot(), request(FakeSource(IMAGE)), result, never
    ):
        if isinstance(event, MapGrew):
            changed = np.argwhere(before != result.maps)
            rows, columns = event.region
            assert ((changed >= [rows.start, columns.start]).all()).all()
            assert ((changed < [rows.stop, columns.stop]).all()).all()
            before = result.maps.copy()
            seen += 1
    assert seen == 4


def test_region_is_an_image_of_its_own_in_its_place() -> None:
    region = (slice(40, 100), slice(10, 120))
    holder, source = FakeModelSlot(), FakeSource(IMAGE)
    result = StackResult(IMAGE.shape)
    wanted = request(source, region=region, viewport=(slice(50, 70), slice(0, 500)))
    events = list(segment_planes(holder, wanted, result, never))
    assert holder.segmenter.images[0].shape == (60, 110)
    assert holder.segmenter.viewports == [(slice(10, 30), slice(0, 110))]
    assert cells_of(result.labels) == 3
    assert result.labels[:40].max() == 0
    assert result.labels[:, :10].max() == 0
    assert events[-1].record.region == region
    np.testing.assert_array_equal(result.maps[region], fake_map(IMAGE[region]))


def test_stack_plane_by_plane_with_the_diameter_of_the_first() -> None:
    stack = np.stack([spots((64, 64), [(20, 20)]), spots((64, 64), [(9, 9), (40, 40)])])
    holder = FakeModelSlot()
    result = StackResult(stack.shape)
    planes = ((1,), (0,))
    events = list(
        segment_planes(holder, request(FakeSource(stack), planes), result, never)
    )
    started = [e for e in events if isinstance(e, PlaneStarted)]
    assert [(e.index, e.number, e.count) for e in started] == [
        ((1,), 0, 2),
        ((0,), 1, 2),
    ]
    assert [c.cell_diameter for c in holder.segmenter.runs] == ["auto", 17.0]
    assert [cells_of(plane) for plane in result.labels] == [1, 2]
    assert result.record((0,)).asked.cell_diameter == "auto"  # type: ignore[union-attr]


def test_thresholds_may_move_while_the_job_runs() -> None:
    moving = [THRESHOLDS]
    result = StackResult(IMAGE.shape)
    wanted = request(FakeSource(IMAGE), thresholds=lambda: moving[0])
    for event in segment_planes(FakeModelSlot(), wanted, result, never):
        if isinstance(event, PlaneStarted):
            moving[0] = replace(THRESHOLDS, min_size=10_000)
    assert cells_of(result.labels) == 0
    assert result.thresholds[()].min_size == 10_000


def finished_result() -> StackResult:
    result = StackResult(IMAGE.shape)
    list(segment_planes(FakeModelSlot(), request(FakeSource(IMAGE)), result, never))
    return result


@pytest.mark.parametrize(
    "error",
    [PredictionError("no memory"), RuntimeError("shape mismatch"), MemoryError()],
    ids=["ours", "runtime", "memory"],
)
def test_failure_gives_the_former_result_back(error: BaseException) -> None:
    result = finished_result()
    labels, maps, record = result.labels.copy(), result.maps.copy(), result.record(())
    other = FakeSource(spots(IMAGE.shape, [(50, 50)]))
    holder = FakeModelSlot(FakeSegmenter(fail_at=2, error=error))
    with pytest.raises(type(error)):
        list(segment_planes(holder, request(other), result, never))
    np.testing.assert_array_equal(result.labels, labels)
    np.testing.assert_array_equal(result.maps, maps)
    assert result.record(()) == record
    assert holder.segmenter.closed == 1


def test_closing_in_the_middle_gives_the_former_result_back() -> None:
    result = finished_result()
    labels = result.labels.copy()
    other = FakeSource(spots(IMAGE.shape, [(50, 50)]))
    holder = FakeModelSlot()
    with closing(segment_planes(holder, request(other), result, never)) as events:
        _until(events, MapGrew)
        assert (result.labels != labels).any()
    np.testing.assert_array_equal(result.labels, labels)
    assert holder.segmenter.closed == 1


def test_cancelled_job_ends_without_a_record() -> None:
    result = StackResult(IMAGE.shape)
    asked = iter([False] * 3 + [True] * 100)
    events = list(
        segment_planes(
            FakeModelSlot(), request(FakeSource(IMAGE)), result, lambda: next(asked)
        )
    )
    assert not any(isinstance(event, PlaneDone) for event in events)
    assert result.record(()) is None


def test_rerun_of_a_smaller_region_leaves_nothing_of_the_former_labels() -> None:
    result = finished_result()
    region = (slice(0, 40), slice(0, 60))
    again = request(FakeSource(IMAGE), region=region)
    list(segment_planes(FakeModelSlot(), again, result, never))
    assert cells_of(result.labels) == 1
    assert result.maps[40:].max() == 0


def test_measuring_stops_at_the_diameter() -> None:
    holder = FakeModelSlot()
    wanted = request(FakeSource(IMAGE), config=SegmentConfig(cell_diameter=50))
    events = list(measure_diameter(holder, wanted, never))
    assert isinstance(events[-1], ScaleChosen)
    assert events[-1].cell_diameter == 17
    assert holder.segmenter.closed == 1


def _until(events: Iterator[Any], kind: type) -> None:
    for event in events:
        if isinstance(event, kind):
            return


@pytest.fixture(scope="module")
def loaded() -> ModelSlot:
    return ModelSlot()


@pytest.fixture
def slot(loaded: ModelSlot) -> ModelSlot:
    """The bundled model, which has seen nothing yet."""
    segmenter, _ = loaded.get("default", "cpu")
    segmenter.forget_map()
    return loaded


def real_image() -> np.ndarray:
    return load_sample()[0][120:216, :96]


def test_the_same_pixels_and_settings_use_the_map_again(slot: ModelSlot) -> None:
    """Without tiles, into another result: map, labels and record are complete."""
    image = real_image()
    wanted = request(FakeSource(image))
    first, second = StackResult(image.shape), StackResult(image.shape)
    list(segment_planes(slot, wanted, first, never))
    events = list(segment_planes(slot, wanted, second, never))
    assert kinds(events) == [
        "PlaneStarted", "ScaleChosen", "DistanceMapReady", "MapGrew",
        "PlaneDone",
    ]  # fmt: skip
    assert cells_of(first.labels) > 3
    np.testing.assert_array_equal(second.maps, first.maps)
    np.testing.assert_array_equal(second.labels, first.labels)
    once, again = first.record(()), second.record(())
    assert once is not None
    assert again is not None
    assert (again.cells, again.cell_diameter) == (once.cells, once.cell_diameter)


def test_a_known_map_takes_the_place_of_what_was_there(slot: ModelSlot) -> None:
    image = real_image()
    result = StackResult(image.shape)
    list(segment_planes(slot, request(FakeSource(image)), result, never))
    labels = result.labels.copy()
    result.maps[...] = 0.5
    result.labels[...] = 7
    list(segment_planes(slot, request(FakeSource(image)), result, never))
    np.testing.assert_array_equal(result.labels, labels)


def test_a_plane_keeps_its_watershed_when_the_model_sees_another(
    slot: ModelSlot,
) -> None:
    """What the slider shows of a plane is that plane's, whatever came after it."""
    image = real_image()
    stack = np.stack([image, image[::-1]])
    planes = ((0,), (1,))
    result = StackResult(stack.shape)
    list(segment_planes(slot, request(FakeSource(stack), planes), result, never))
    for index in planes:
        found = result.query(index, THRESHOLDS).labels()
        expected = label_cells(result.read_map(index), THRESHOLDS)
        np.testing.assert_array_equal(found, expected)


def test_corrected_cells_of_one_image_are_not_held_in_its_copy(
    slot: ModelSlot,
) -> None:
    """Both have the very same pixels, and so the very same watershed."""
    image = real_image()
    first, second = StackResult(image.shape), StackResult(image.shape)
    list(segment_planes(slot, request(FakeSource(image)), first, never))
    free = first.labels.copy()
    cell = int(np.unique(free)[1])
    first.locks.plane(()).lock(first.labels, [cell])
    list(segment_planes(slot, request(FakeSource(image)), second, never))
    np.testing.assert_array_equal(second.labels, free)
    assert cell not in np.unique(first.query((), THRESHOLDS).labels())
    assert cell in np.unique(second.query((), THRESHOLDS).labels())
    segmenter, _ = slot.get("default", "cpu")
    np.testing.assert_array_equal(segmenter.labels(THRESHOLDS), free)
