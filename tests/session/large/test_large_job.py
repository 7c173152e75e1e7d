"""Large planes in blocks: the labels of whole planes, from where the user looks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import pytest
from tests.engine.blocks.test_run import cells_on_noise, quick_network

from napari_dinocell.engine.blocks import jobs
from napari_dinocell.engine.blocks import segment_large as decision
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import ExportError, NotInBlocksError
from napari_dinocell.engine.segment import segment
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.large.events import (
    BlockDone,
    LargeDone,
    LargePlace,
    LargePlanned,
    is_large,
    why_whole,
)
from napari_dinocell.session.large.job import LargeJob, segment_large
from napari_dinocell.session.large.label_pyramid import LabelPyramid
from napari_dinocell.session.large.lent_plane import checksum_of_source
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.segment.events import SegmentRequest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["quick_network"]

SHAPE = (100, 300)
CONFIG = SegmentConfig().with_overrides(
    cell_diameter=None, batch_size=4, tile_size=64, overlap=16
)


def lazy_source(pixels: np.ndarray | None = None) -> ImageSource:
    pixels = cells_on_noise(SHAPE) if pixels is None else pixels
    data = dask.array.from_array(pixels, chunks=100)
    return ImageSource(
        data=data,
        shape=pixels.shape,
        plane_axes=tuple(range(pixels.ndim - 2)),
        channel_axis=None,
        rgb=False,
        dtype=data.dtype,
    )


def job_at(folder: Path, **changes: Any) -> LargeJob:
    """A job; `centre` is where the user looks, the others are of the request."""
    place = LargePlace(name="scan", folder=folder)
    centre = changes.pop("centre", None)
    config = changes.pop("config", CONFIG)
    source = changes.pop("source", None) or lazy_source()
    values: dict[str, Any] = {
        "model": "default",
        "device": "cpu",
        "source": source,
        "planes": ((),),
        "config": config,
        "thresholds": lambda: config.watershed,
    }
    return LargeJob(
        model=ModelSlot(),
        request=SegmentRequest(**(values | changes)),
        place=place,
        labels=LabelPyramid(place.labels, source.shape),
        centre=lambda: centre,
        side=128,
    )


def never() -> bool:
    return False


def events_of(job: LargeJob, cancel: Any = never) -> list[Any]:
    return list(segment_large(job, cancel))


@cache
def whole(config: SegmentConfig) -> np.ndarray:
    found: np.ndarray = segment(cells_on_noise(SHAPE), device="cpu", config=config)
    return found


def steps_of(events: list[Any]) -> set[str]:
    return {event.step for event in events if isinstance(event, BlockDone)}


def test_blocks_from_where_the_user_looks(tmp_path: Path) -> None:
    job = job_at(tmp_path, centre=(50.0, 280.0))
    events: list[Any] = []
    looks = []
    for event in segment_large(job, never):
        events.append(event)
        if isinstance(event, BlockDone) and event.step == "network":
            assert event.shown is not None
            looks.append(np.asarray(job.labels.levels[0][event.shown]))
    first, last = events[0], events[-1]
    assert isinstance(first, LargePlanned)
    assert not first.map_is_known
    assert isinstance(last, LargeDone)
    seen = [event.shown for event in events if isinstance(event, BlockDone)]
    assert seen[0][1].stop == SHAPE[1]
    assert looks[0].any()
    assert not set(np.unique(looks[0])) & set(np.unique(looks[-1])) - {0}
    expected = whole(CONFIG)
    assert np.array_equal(job.labels.levels[0][:], expected)
    assert last.record.cells == len(np.unique(expected)) - 1 > 20


def test_goes_on_where_it_was_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, ran = jobs._predict, []

    def counted(*job: Any) -> None:
        ran.append(job)
        predict(*job)

    monkeypatch.setattr(jobs, "_predict", counted)
    for event in segment_large(job_at(tmp_path), lambda: len(ran) == 2):
        assert not isinstance(event, LargeDone)
    job = job_at(tmp_path)
    first, *events, last = events_of(job)
    assert isinstance(first, LargePlanned)
    assert isinstance(last, LargeDone)
    groups = next(event.total for event in events if event.step == "network")
    assert len(ran) == groups + 1  # the one at work when it was cancelled
    assert np.array_equal(job.labels.levels[0][:], whole(CONFIG))


def test_other_thresholds_need_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events_of(job_at(tmp_path))
    other = CONFIG.with_overrides(seed_threshold=0.5, min_size=120, expand=2.0)
    job = job_at(tmp_path, config=other)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "_predict", None)
        first, *events, _ = events_of(job)
    assert first.map_is_known
    assert steps_of(events) == {"cells", "labels", "expanded"}
    labels = job.labels.levels[0][:]
    assert np.array_equal(labels, whole(other))
    assert not np.array_equal(labels, whole(CONFIG))
    changed = job_at(tmp_path, config=CONFIG.with_overrides(clahe=False))
    planned = next(segment_large(changed, never))
    assert isinstance(planned, LargePlanned)
    assert not planned.map_is_known
    assert not job.labels.levels[0][:].any()


def test_region_of_a_plane_of_a_stack(tmp_path: Path) -> None:
    pixels = cells_on_noise((100, 130))
    source = lazy_source(np.stack([pixels[::-1], pixels]))
    region = (slice(20, 90), slice(30, 130))
    job = job_at(tmp_path, source=source, planes=((1,),), region=region)
    *_, last = events_of(job)
    assert last.index == last.record.plane == (1,)
    assert last.record.region == region
    expected = np.zeros((2, 100, 130), np.int32)
    expected[1][region] = segment(pixels[region], device="cpu", config=CONFIG)
    assert expected.any()
    assert np.array_equal(job.labels.levels[0][:], expected)


@pytest.mark.parametrize(
    "asked",
    [{"limits": "all"}, {"link": True}, {"inside": (((0, 0), (0, 9), (9, 9)),)}],
)
def test_what_blocks_cannot_do(tmp_path: Path, asked: dict[str, Any]) -> None:
    job = job_at(tmp_path, config=CONFIG.with_overrides(**asked))
    assert not why_whole(job_at(tmp_path).request)
    with pytest.raises(NotInBlocksError, match=why_whole(job.request)):
        events_of(job)


def test_full_disk_is_told_of_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        nearly_full = usage._replace(free=SHAPE[0] * SHAPE[1])
        patch.setattr(shutil, "disk_usage", lambda _: nearly_full)
        with pytest.raises(ExportError, match="free disk"):
            events_of(job_at(tmp_path))
    *_, last = events_of(job_at(tmp_path))
    assert isinstance(last, LargeDone)


def test_which_planes_are_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = job_at(tmp_path).request
    pixels = SHAPE[0] * SHAPE[1]
    monkeypatch.setattr(decision, "spare_memory", lambda: pixels * 64 - 1)
    assert is_large(request)
    assert not is_large(replace(request, region=(slice(0, 50), slice(0, 300))))
    in_memory = replace(request.source, data=cells_on_noise(SHAPE))
    assert not is_large(replace(request, source=in_memory))
    monkeypatch.setattr(decision, "spare_memory", lambda: pixels * 64)
    assert not is_large(request)


def test_images_are_told_apart_by_their_pixels() -> None:
    one = lazy_source()
    other = lazy_source(cells_on_noise(SHAPE)[::-1])
    assert checksum_of_source(one, "scan") == checksum_of_source(lazy_source(), "scan")
    different = [checksum_of_source(other, "scan"), checksum_of_source(one, "other")]
    assert checksum_of_source(one, "scan") not in different
