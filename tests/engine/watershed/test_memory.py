"""What needs more memory than there is is refused in words; empty planes need none."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import psutil
import pytest

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import OutOfMemoryError, SettingsError
from napari_dinocell.engine.watershed import basins
from napari_dinocell.engine.watershed import live_watershed as module
from napari_dinocell.engine.watershed.held_cells import HeldPixels
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells
from napari_dinocell.engine.watershed.memory import LIMIT_VARIABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIG = WatershedConfig(min_size=5, fill_holes=True)


def leave_free(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    free = SimpleNamespace(available=count)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)


def cone(size: int) -> NDArray[np.float32]:
    """A map (Y, X) with one summit."""
    distance = np.hypot(*np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j] - 0.013)
    return np.clip(1 - distance, 0, 1).astype(np.float32)


def test_a_plane_without_cells_needs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each array of 100 megapixels would be 400 MB."""
    shape = (10_000, 10_000)
    leave_free(monkeypatch, 0)
    live = LiveWatershed(np.broadcast_to(np.float32(0.005), shape))
    query = live.query(CONFIG)
    assert query.count() == 0
    assert query.labels((slice(0, 5), slice(0, 7))).tolist() == [[0] * 7] * 5
    assert live.shape == shape


def test_held_pixels_of_a_plane_without_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveWatershed(np.zeros((30, 40), np.float32))
    mask = np.zeros((30, 40), np.bool_)
    mask[3:9, 3:9] = True
    assert live.query(CONFIG, held=HeldPixels(mask, frozenset({4}))).count() == 0


def test_a_plane_too_large_for_the_memory_is_refused_before_it_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave_free(monkeypatch, 10_000)
    monkeypatch.delattr(module, "raise_terrain")
    with pytest.raises(OutOfMemoryError, match=r"of 30 x 40 pixels, got 0\.0 GB"):
        label_cells(np.ones((30, 40), np.float32), CONFIG)


def test_too_many_basins_for_the_memory_are_refused_before_they_are_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    label_cells(noise, CONFIG)
    leave_free(monkeypatch, 64 * 64 * 40)
    label_cells(cone(64), CONFIG)  # a single basin fits
    monkeypatch.delattr(module, "find_saddles")
    with pytest.raises(OutOfMemoryError, match="Segment a region"):
        label_cells(noise, CONFIG)


def test_plateaus_too_large_for_the_memory_are_refused_before_they_are_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave_free(monkeypatch, 64 * 64 * 40)
    monkeypatch.delattr(basins, "settle_plateaus")
    with pytest.raises(OutOfMemoryError, match="labels of 64 x 64"):
        label_cells(np.ones((64, 64), np.float32), CONFIG)


@pytest.mark.parametrize(("levels", "allowed"), [(None, 20), (4, 68)])
def test_labels_take_no_more_memory_than_is_asked_for(
    levels: int | None, allowed: int
) -> None:
    """Bands add 3 bytes per pixel at this size; planes that stay 0 count here, too."""
    terrain = cv2.resize(cone(64), (2048, 2048), interpolation=cv2.INTER_CUBIC)
    terrain = np.clip(terrain, 0, 1)
    if levels is not None:
        terrain = np.rint(terrain * levels) / np.float32(levels)
    tracemalloc.start()
    try:
        labels = label_cells(terrain, replace(CONFIG, fill_holes=False))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert labels.max() == 1
    assert peak < allowed * terrain.size


def test_memory_that_runs_out_inside_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module, "find_basins", fail)
    with pytest.raises(OutOfMemoryError, match="labels of 30 x 40"):
        label_cells(np.ones((30, 40), np.float32), CONFIG)


def test_a_limit_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes more than it may already gets nothing."""
    monkeypatch.setenv(LIMIT_VARIABLE, "0.001")
    with pytest.raises(OutOfMemoryError, match=r"got 0\.0 GB"):
        LiveWatershed(cone(64))
    monkeypatch.setenv(LIMIT_VARIABLE, "1e6")
    assert LiveWatershed(cone(64)).query(CONFIG).count() == 1


@pytest.mark.parametrize("limit", ["much", "-1", "0", "nan"])
def test_a_limit_that_is_none_is_refused(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, limit)
    with pytest.raises(SettingsError, match=LIMIT_VARIABLE):
        LiveWatershed(cone(64))
