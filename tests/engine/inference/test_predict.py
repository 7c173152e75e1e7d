"""Prediction as a stream of events, with networks that fit on one line."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_dinocell.engine.config import ContrastConfig, TilingConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.engine.inference.batch_runner import BatchRunner
from napari_dinocell.engine.inference.events import (
    DistanceMapReady,
    SegmentEvent,
    TileDone,
    TilesPlanned,
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


class Half(Fake):
    """Sees cells nowhere and everywhere: 0.5."""

    def answer(self, image: Tensor) -> Tensor:
        return torch.full_like(image, 0.5)


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


def test_events_tell_the_whole_story_in_order(image: np.ndarray[Any, Any]) -> None:
    events = run(Fake(), image)
    planned, *done, ready = events
    assert isinstance(planned, TilesPlanned)
    assert planned.total == 4 * 3
    assert planned.shape == image.shape
    assert [(e.done, e.total) for e in done if isinstance(e, TileDone)] == [
        (3, 12),
        (6, 12),
        (9, 12),
        (12, 12),
    ]
    assert isinstance(ready, DistanceMapReady)
    assert ready.distance_map is planned.distance_map
    assert (ready.device, ready.precision, ready.constant) == ("cpu", "float32", False)
    assert ready.seconds > 0


def test_network_that_answers_its_input_gives_the_image(
    image: np.ndarray[Any, Any],
) -> None:
    found = map_of(run(Fake(), image))
    np.testing.assert_allclose(found, image, atol=1e-6)
    assert found.dtype == np.float32


def test_network_sees_what_contrast_adjustment_made() -> None:
    plane = np.random.default_rng(0).integers(0, 5000, (64, 64)).astype(np.uint16)
    adjusted = adjust_contrast(plane, ContrastConfig(window=32))
    np.testing.assert_allclose(map_of(run(Fake(), adjusted)), adjusted.image, atol=1e-6)


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 50), (50, 1), (5, 3), (16, 16), (33, 17), (2, 300)],
    ids=str,
)
def test_constant_answer_gives_a_constant_map_at_any_size(
    shape: tuple[int, int],
) -> None:
    model = Half()
    found = map_of(run(model, np.ones(shape, np.float32)))
    assert found.shape == shape
    np.testing.assert_allclose(found, 0.5, atol=1e-6)
    assert all(h % 16 == 0 and w % 16 == 0 for _, _, h, w in model.shapes)


def test_padding_reflects_the_image() -> None:
    seen: list[Tensor] = []

    class Spy(Fake):
        def answer(self, image: Tensor) -> Tensor:
            seen.append(image)
            return image

    column = np.linspace(0, 1, 20, dtype=np.float32)[:, None]
    run(Spy(), np.tile(column, (1, 16)))
    strip = seen[0][0, 0, :, 0].numpy()
    np.testing.assert_allclose(strip[:20], column[:, 0])
    np.testing.assert_allclose(strip[20:32], column[18:6:-1, 0])


@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_batch_size_does_not_change_the_map(
    image: np.ndarray[Any, Any], batch_size: int
) -> None:
    tiling = TilingConfig(tile_size=32, overlap=8, batch_size=batch_size)
    np.testing.assert_array_equal(
        map_of(run(Fake(), image, tiling)), map_of(run(Fake(), image))
    )


@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a.astype(">f4"),
        lambda a: a.astype(np.float64),
    ],
    ids=["fortran", "strided", "big-endian", "double"],
)
def test_memory_layout_does_not_change_the_map(
    image: np.ndarray[Any, Any], arrange: Any
) -> None:
    np.testing.assert_array_equal(
        map_of(run(Fake(), arrange(image))), map_of(run(Fake(), image))
    )


def test_viewport_changes_the_order_but_not_the_map(
    image: np.ndarray[Any, Any],
) -> None:
    plain = run(Fake(), image)
    first = run(Fake(), image, viewport=(slice(80, 100), slice(60, 75)))
    np.testing.assert_array_equal(map_of(first), map_of(plain))
    (start,) = [e.region for e in first if isinstance(e, TileDone)][:1]
    assert start[0].stop == 100
    assert start[1].stop == 75


@pytest.mark.parametrize("scale", [0.5, 2.0], ids=str)
def test_viewport_is_in_pixels_of_the_image_at_any_scale(scale: float) -> None:
    big = np.random.default_rng(0).random((400, 400), np.float32)
    tiling = TilingConfig(tile_size=32, overlap=8, batch_size=1)
    events = run(Fake(), big, tiling, scale=scale, viewport=(slice(300, 310),) * 2)
    (rows, columns) = next(e.region for e in events if isinstance(e, TileDone))
    assert rows.start < 310
    assert rows.stop > 300
    assert columns.start < 310
    assert columns.stop > 300


def test_map_can_be_read_while_it_fills(image: np.ndarray[Any, Any]) -> None:
    steps = predict_distance_map(Half(), image, TILING, device=CPU, precision="float32")
    planned = next(steps)
    assert isinstance(planned, TilesPlanned)
    assert not planned.distance_map.any()
    done = next(steps)
    assert isinstance(done, TileDone)
    rows, columns = done.region
    assert planned.distance_map[rows, columns].max() == pytest.approx(0.5)
    outside = planned.distance_map.copy()
    outside[rows, columns] = 0
    assert not outside.any()


def test_constant_image_is_not_shown_to_the_network() -> None:
    model = Half()
    events = run(model, adjust_contrast(np.full((40, 40), 9), ContrastConfig()))
    assert not map_of(events).any()
    assert isinstance(events[-1], DistanceMapReady)
    assert events[-1].constant
    assert model.shapes == []


@pytest.mark.parametrize("scale", [0.25, 0.61, 1.5], ids=str)
def test_scaled_map_comes_back_at_the_size_of_the_image(scale: float) -> None:
    smooth = np.outer(np.hanning(90), np.hanning(130)).astype(np.float32)
    model = Fake()
    found = map_of(run(model, smooth, scale=scale))
    assert found.shape == smooth.shape
    np.testing.assert_allclose(found, smooth, atol=0.03)
    expected = -(-round(90 * scale) * round(130 * scale) // 32**2)
    assert sum(shape[0] for shape in model.shapes) >= expected


def test_scaled_constant_answer_stays_constant() -> None:
    found = map_of(run(Half(), np.ones((77, 91), np.float32), scale=0.4))
    np.testing.assert_allclose(found, 0.5, atol=1e-6)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_cancel_ends_within_one_batch_and_keeps_finished_tiles(
    image: np.ndarray[Any, Any], after: int
) -> None:
    model = Half()
    events = run(model, image, cancel=lambda: len(model.shapes) >= after)
    assert len(model.shapes) == after
    assert [type(e) for e in events] == [TilesPlanned] + [TileDone] * after
    assert isinstance(events[0], TilesPlanned)
    assert events[0].distance_map.any() == (after > 0)


@pytest.mark.parametrize("ending", ["cancel", "close", "error"])
def test_every_ending_frees_the_map(image: np.ndarray[Any, Any], ending: str) -> None:
    model = Failing() if ending == "error" else Half()
    stop = False
    steps: Any = predict_distance_map(
        model, image, TILING, device=CPU, precision="float32", cancel=lambda: stop
    )
    planned = next(steps)
    reference = weakref.ref(planned.distance_map)
    del planned
    if ending == "error":
        with pytest.raises(PredictionError):
            list(steps)
    elif ending == "cancel":
        next(steps)
        stop = True
        assert list(steps) == []
    else:
        next(steps)
        steps.close()
    del steps
    gc.collect()
    assert reference() is None


def test_work_submitted_ahead_gives_the_same_map(
    image: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BatchRunner, "lookahead", 1)
    model = Fake()
    events = run(model, image)
    assert [e.done for e in events if isinstance(e, TileDone)] == [3, 6, 9, 12]
    np.testing.assert_allclose(map_of(events), image, atol=1e-6)
    assert len(model.shapes) == 4


def test_bfloat16_reaches_the_products_but_not_the_map(
    image: np.ndarray[Any, Any],
) -> None:
    class Product(Fake):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(1, 1, 1, bias=False)
            self.dtypes: set[torch.dtype] = set()
            nn.init.constant_(self.convolution.weight, 0.7)

        def answer(self, image: Tensor) -> Tensor:
            product: Tensor = self.convolution(image)
            self.dtypes.add(product.dtype)
            return product.float().detach()

    model = Product()
    events = run(model, image, precision="bfloat16")
    assert model.dtypes == {torch.bfloat16}
    assert map_of(events).dtype == np.float32
    np.testing.assert_allclose(map_of(events), image * 0.7, atol=0.01)
    assert isinstance(events[-1], DistanceMapReady)
    assert events[-1].precision == "bfloat16"


def test_prediction_leaves_gradients_and_mode_of_the_caller_alone(
    image: np.ndarray[Any, Any],
) -> None:
    steps = predict_distance_map(Half(), image, TILING, device=CPU, precision="float32")
    next(steps)
    next(steps)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")
