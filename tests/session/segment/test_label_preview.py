"""Previews: the right cells, steady ids, and no more time than they may take."""

import numpy as np
import pytest

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.session.segment import label_preview as _label_preview
from napari_dinocell.session.segment.label_preview import LabelPreview

THRESHOLDS = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.1)


def cones(shape: tuple[int, int], centres: list[tuple[int, int]]) -> np.ndarray:
    """A distance map of round cells with radius 10."""
    rows, columns = np.indices(shape)
    distances = [
        np.clip(1 - np.hypot(rows - y, columns - x) / 10, 0, 1) for y, x in centres
    ]
    return np.max(distances, axis=0).astype(np.float32)


@pytest.fixture(autouse=True)
def always_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_label_preview, "TIME_SHARE", 1e9)


def full(image: np.ndarray) -> tuple[slice, slice]:
    return slice(0, image.shape[0]), slice(0, image.shape[1])


def test_same_cells_as_the_watershed_of_the_same_map() -> None:
    distance = cones((60, 80), [(15, 20), (40, 50), (40, 64)])
    found = LabelPreview(distance, None).update(full(distance), THRESHOLDS)
    assert found is not None
    expected = label_cells(distance, THRESHOLDS)
    assert found.cells == 3
    pairs = np.unique(np.stack([found.labels.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == 4  # background and three cells, one to one


def test_ids_stay_while_the_map_grows() -> None:
    complete = cones((60, 200), [(15, 20), (40, 60), (30, 150), (20, 180)])
    growing = np.zeros_like(complete)
    preview = LabelPreview(growing, None)
    left, right = (slice(0, 60), slice(0, 100)), (slice(0, 60), slice(100, 200))
    growing[left] = complete[left]
    first = preview.update(left, THRESHOLDS)
    growing[right] = complete[right]
    second = preview.update(right, THRESHOLDS)
    assert first is not None
    assert second is not None
    assert first.region == left
    assert second.region == full(complete)
    np.testing.assert_array_equal(second.labels[:, :100], first.labels)
    assert second.cells == 4


def test_id_is_the_summit_wherever_the_region_begins() -> None:
    distance = cones((60, 80), [(40, 50)])
    part = (slice(25, 60), slice(30, 80))
    found = LabelPreview(distance, None).update(part, THRESHOLDS)
    assert found is not None
    assert found.labels.max() == 40 * 80 + 50 + 1


def test_large_maps_are_previewed_around_the_view() -> None:
    distance = np.zeros((2100, 5000), np.float32)
    preview = LabelPreview(distance, (slice(0, 100), slice(4000, 4200)))
    assert preview.update((slice(0, 256), slice(0, 256)), THRESHOLDS) is None
    found = preview.update((slice(0, 2100), slice(0, 5000)), THRESHOLDS)
    assert found is not None
    assert found.region == (slice(0, 2048), slice(2952, 5000))


def test_previews_wait_for_their_share_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 1  # every look at the clock finds it a second later
        return now[0]

    monkeypatch.setattr(_label_preview, "perf_counter", clock)
    monkeypatch.setattr(_label_preview, "TIME_SHARE", 0.25)
    distance = cones((60, 80), [(15, 20)])
    preview = LabelPreview(distance, None)
    made = [preview.update(full(distance), THRESHOLDS) is not None for _ in range(8)]
    # 1 s of work, 4 s of waiting, during which each call takes 1 s
    assert made == [True, False, False, False, True, False, False, False]
