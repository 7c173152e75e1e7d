"""Labels follow thresholds: at once where they are seen, everywhere in the end."""

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from tests.widgets.drivers.fakes import FakeModelSlot, FakeSource, spots

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.session.segment.events import SegmentRequest
from napari_dinocell.session.segment.image_result import ImageResult
from napari_dinocell.session.segment.job import segment_planes
from napari_dinocell.session.segment.stack_result import StackResult
from napari_dinocell.widgets.segment import live_thresholds as _live_thresholds
from napari_dinocell.widgets.segment.live_thresholds import LiveThresholds

FIRST = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.1)
SECOND = WatershedConfig(seed_threshold=0.6, foreground_threshold=0.5)
THIRD = WatershedConfig(seed_threshold=0.9, foreground_threshold=0.8)


class FakeLayers:
    def __init__(self) -> None:
        self.refreshed: list[Any] = []

    def refresh(self, kind: str, region: Any = None) -> None:
        self.refreshed.append((kind, region))


def segmented(data: np.ndarray, region: Any = None) -> ImageResult:
    source: Any = FakeSource(data)
    stack = StackResult(data.shape)
    planes = tuple(np.ndindex(*data.shape[:-2]))
    request = SegmentRequest(
        model="default",
        device="cpu",
        source=source,
        planes=planes,
        config=SegmentConfig(watershed=FIRST),
        thresholds=lambda: FIRST,
        region=region,
    )
    holder: Any = FakeModelSlot()
    list(segment_planes(holder, request, stack, lambda: False))
    return ImageResult(source=source, stack=stack)


@pytest.fixture
def image() -> np.ndarray:
    return spots((100, 120), [(15, 20), (50, 60), (80, 20), (85, 100)])


@pytest.fixture
def layers() -> Any:
    return FakeLayers()


@pytest.fixture
def live(qtbot: QtBot) -> LiveThresholds:
    return LiveThresholds()


def at_rest(live: LiveThresholds, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not live.busy)


def test_labels_are_those_of_the_watershed_at_the_latest_thresholds(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    result = segmented(image)
    live.follow(result, layers, (), lambda: None)
    for thresholds in (SECOND, FIRST, THIRD):
        live.request(thresholds)
    with qtbot.waitSignal(live.counted) as signal:
        pass
    assert signal.args == [4]
    expected = label_cells(result.stack.maps, THIRD)
    np.testing.assert_array_equal(result.stack.labels, expected)
    at_rest(live, qtbot)
    assert result.stack.thresholds[()] == THIRD


def test_moves_between_two_frames_cost_one_query(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    result = segmented(image)
    live.follow(result, layers, (), lambda: None)
    counts: list[int] = []
    live.counted.connect(counts.append)
    for step in range(100):
        live.request(WatershedConfig(seed_threshold=0.5 + step / 1000))
    qtbot.waitUntil(lambda: bool(counts))
    assert len(counts) == 1
    at_rest(live, qtbot)


def test_ids_stay_while_thresholds_move(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    result = segmented(image)
    before = result.stack.labels.copy()
    live.follow(result, layers, (), lambda: None)
    live.request(SECOND)
    with qtbot.waitSignal(live.counted):
        pass
    after = result.stack.labels
    assert (after > 0).sum() < (before > 0).sum()
    np.testing.assert_array_equal(after[after > 0], before[after > 0])
    at_rest(live, qtbot)


def test_other_planes_follow_when_the_slider_rests(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    stack = np.stack([image, image[::-1], image[:, ::-1]])
    result = segmented(stack)
    live.follow(result, layers, (1,), lambda: None)
    live.request(THIRD)
    at_rest(live, qtbot)
    assert set(result.stack.thresholds.values()) == {THIRD}
    for index in range(3):
        expected = label_cells(result.stack.maps[index], THIRD)
        np.testing.assert_array_equal(result.stack.labels[index], expected)


def test_of_a_large_plane_the_view_goes_first(
    live: LiveThresholds,
    layers: Any,
    qtbot: QtBot,
    image: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_live_thresholds, "LIVE_PIXELS", 50 * 60)
    result = segmented(image)
    before = result.stack.labels.copy()
    view = (slice(60, 100), slice(60, 120))
    live.follow(result, layers, (), lambda: view)
    live.request(THIRD)
    with qtbot.waitSignal(live.counted):
        pass
    expected = label_cells(result.stack.maps, THIRD)
    np.testing.assert_array_equal(result.stack.labels[view], expected[view])
    np.testing.assert_array_equal(result.stack.labels[:60], before[:60])
    assert layers.refreshed[0] == ("labels", view)
    at_rest(live, qtbot)
    np.testing.assert_array_equal(result.stack.labels, expected)


def test_a_segmented_region_stays_a_region(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    region = (slice(40, 100), slice(10, 120))
    result = segmented(image, region)
    live.follow(result, layers, (), lambda: None)
    live.request(THIRD)
    at_rest(live, qtbot)
    expected = np.zeros(image.shape, np.int32)
    expected[region] = label_cells(result.stack.maps[region], THIRD)
    np.testing.assert_array_equal(result.stack.labels, expected)


def test_without_a_result_nothing_happens(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    live.request(SECOND)
    at_rest(live, qtbot)
    unfinished: Any = ImageResult(
        source=FakeSource(image),  # type: ignore[arg-type]
        stack=StackResult(image.shape),
    )
    live.follow(unfinished, layers, (), lambda: None)
    live.request(THIRD)
    at_rest(live, qtbot)
    assert unfinished.stack.labels.max() == 0
    assert layers.refreshed == []


def test_a_result_that_is_attended_to_later_catches_up(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    result = segmented(image)
    live.request(THIRD)
    live.follow(result, layers, (), lambda: None)
    at_rest(live, qtbot)
    assert result.stack.thresholds[()] == THIRD


def test_stopping_in_the_middle_is_safe(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    result = segmented(np.stack([image] * 5))
    live.follow(result, layers, (0,), lambda: None)
    live.request(THIRD)
    with qtbot.waitSignal(live.counted):
        pass
    live.stop()
    at_rest(live, qtbot)


def test_an_error_is_reported(
    live: LiveThresholds, layers: Any, qtbot: QtBot, image: np.ndarray
) -> None:
    result = segmented(np.stack([image] * 2))
    live.follow(result, layers, (0,), lambda: None)
    result.stack.maps[1] = np.nan  # as if somebody had painted into the map
    result.stack._watersheds.clear()
    with qtbot.waitSignal(live.failed):
        live.request(THIRD)
    at_rest(live, qtbot)
