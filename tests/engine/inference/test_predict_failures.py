"""Prediction and memory: what it gives back, and what it does where it lacks some."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_dinocell.engine.config import TilingConfig
from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.engine.inference import predict as predict_module
from napari_dinocell.engine.inference import tile_job
from napari_dinocell.engine.inference.accumulator import MapBuilder
from napari_dinocell.engine.inference.batch_runner import BatchRunner
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    SegmentEvent,
)
from napari_dinocell.engine.inference.predict import predict_distance_map

CPU = torch.device("cpu")
TILING = TilingConfig(tile_size=32, overlap=8, batch_size=3)


class Fake(nn.Module):
    """Answers with its input, and remembers the size of every batch."""

    patch_size = 8

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, image: Tensor) -> Tensor:
        self.shapes.append(tuple(image.shape))
        return self.answer(image)

    def answer(self, image: Tensor) -> Tensor:
        return image


class Hungry(Fake):
    """Runs out of memory on batches above a limit."""

    def __init__(self, limit: int, error: Exception | None = None) -> None:
        super().__init__()
        self.limit = limit
        self.error = error or torch.cuda.OutOfMemoryError("CUDA out of memory.")

    def answer(self, image: Tensor) -> Tensor:
        if len(image) > self.limit:
            raise type(self.error)(*self.error.args)  # not one that keeps its frames
        return image


class Failing(Fake):
    """Raises a fresh error of torch."""

    def answer(self, image: Tensor) -> Tensor:
        raise RuntimeError("shapes cannot be multiplied")


def run(
    model: nn.Module, image: Any, tiling: TilingConfig = TILING, **options: Any
) -> list[SegmentEvent]:
    settings: dict[str, Any] = {"device": CPU, "precision": "float32"} | options
    return list(predict_distance_map(model, image, tiling, **settings))


def map_of(events: list[SegmentEvent]) -> np.ndarray[Any, Any]:
    assert isinstance(events[-1], DistanceMapReady)
    return events[-1].distance_map


@pytest.fixture
def image() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).random((100, 75), np.float32)


def test_lack_of_memory_halves_the_batch_and_says_so(
    image: np.ndarray[Any, Any],
) -> None:
    tiling = TilingConfig(tile_size=32, overlap=8, batch_size=8)
    model = Hungry(2)
    events = run(model, image, tiling)
    steps = [e for e in events if isinstance(e, Degraded)]
    assert [(e.batch_size, e.device) for e in steps] == [(4, "cpu"), (2, "cpu")]
    assert [e.action for e in steps] == [
        "4 tiles at a time instead of 8",
        "2 tiles at a time instead of 4",
    ]
    assert all(e.reason == "out of memory on cpu" for e in steps)
    np.testing.assert_allclose(map_of(events), image, atol=1e-6)


def test_lack_of_memory_in_the_middle_loses_no_tile(
    image: np.ndarray[Any, Any],
) -> None:
    class LaterHungry(Fake):
        def answer(self, image: Tensor) -> Tensor:
            if len(self.shapes) == 3:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return image

    events = run(LaterHungry(), image)
    assert [type(e) for e in events].count(Degraded) == 1
    np.testing.assert_allclose(map_of(events), image, atol=1e-6)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["torch", "allocator", "python"],
)
def test_not_even_one_tile_is_an_error_not_a_black_map(
    image: np.ndarray[Any, Any], error: Exception
) -> None:
    with pytest.raises(PredictionError, match="single tile on the CPU"):
        run(Hungry(0, error), image)


def test_model_too_large_for_the_gpu_goes_straight_to_the_cpu(
    image: np.ndarray[Any, Any],
) -> None:
    class TooLarge(Fake):
        def to(self, device: torch.device) -> TooLarge:  # type: ignore[override]
            if device.type == "cuda":
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            return self

    events = run(TooLarge(), image, device=torch.device("cuda:0"))
    (step,) = [e for e in events if isinstance(e, Degraded)]
    assert step.reason == "out of memory on cuda:0"
    assert step.action == "moved from cuda:0 to the CPU, which is slower"
    np.testing.assert_allclose(map_of(events), image, atol=1e-6)
    assert isinstance(events[-1], DistanceMapReady)
    assert events[-1].device == "cpu"


def test_lack_of_memory_with_work_ahead_loses_no_tile(
    image: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class LaterHungry(Fake):
        def answer(self, image: Tensor) -> Tensor:
            if len(self.shapes) in (2, 3):
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            return image

    monkeypatch.setattr(BatchRunner, "lookahead", 1)
    events = run(
        LaterHungry(), image, TilingConfig(tile_size=32, overlap=8, batch_size=4)
    )
    assert [e.batch_size for e in events if isinstance(e, Degraded)] == [2, 1]
    np.testing.assert_allclose(map_of(events), image, atol=1e-6)


def test_other_failures_of_torch_become_prediction_errors(
    image: np.ndarray[Any, Any],
) -> None:
    """Generator workers of the viewer swallow every RuntimeError."""
    with pytest.raises(PredictionError, match="cannot be multiplied") as caught:
        run(Failing(), image)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert not isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_answers_that_are_not_numbers_are_an_error(
    image: np.ndarray[Any, Any], value: float
) -> None:
    class Broken(Fake):
        def answer(self, image: Tensor) -> Tensor:
            return torch.full_like(image, value)

    with pytest.raises(PredictionError, match="not numbers"):
        run(Broken(), image)


def test_no_room_for_the_map_is_told_in_plain_words(
    image: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(predict_module, "MapBuilder", refuse)
    with pytest.raises(PredictionError, match="100 x 75 pixels"):
        run(Fake(), image)


@pytest.mark.parametrize("batches", [0, 2, None], ids=["at once", "later", "never"])
def test_memory_is_handed_back_whether_cancelled_or_not(
    image: np.ndarray[Any, Any],
    monkeypatch: pytest.MonkeyPatch,
    batches: int | None,
) -> None:
    freed: list[torch.device] = []
    monkeypatch.setattr(tile_job, "free_memory", freed.append)
    model = Fake()
    run(model, image, cancel=lambda: len(model.shapes) == batches)
    assert freed == [CPU]


def test_large_maps_leave_memory_again_and_again(
    image: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[MapBuilder] = []
    monkeypatch.setattr(tile_job, "RELEASE_EVERY", 5)
    monkeypatch.setattr(MapBuilder, "release", lambda self: released.append(self))
    run(Fake(), image)
    assert len(released) == 12 // 6 + 1  # batches of 3 tiles, and at the end
