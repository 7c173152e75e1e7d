"""A loaded model remembers what its device could bear."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_dinocell.engine.config import TilingConfig
from napari_dinocell.engine.errors import DeviceError
from napari_dinocell.engine.inference import network as network_module
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
)
from napari_dinocell.engine.inference.network import Network, prepare_for_inference
from napari_dinocell.engine.inference.self_test import agrees_with_cpu, bfloat16_agrees
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = np.random.default_rng(0).random((90, 90), np.float32)
CPU = torch.device("cpu")


class Echo(nn.Module):
    """Answers with its input; out of memory above a batch limit."""

    def __init__(self, limit: int = 100) -> None:
        super().__init__()
        self.limit = limit
        self.batches: list[int] = []

    def forward(self, image: Tensor) -> Tensor:
        if len(image) > self.limit:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        self.batches.append(len(image))
        return image


def make_network(
    monkeypatch: pytest.MonkeyPatch, path: Path, model: nn.Module, **options: Any
) -> Network:
    info = SimpleNamespace(name="echo", cell_diameter=24.0)
    monkeypatch.setattr(network_module, "load_checkpoint", lambda _: (model, info))
    monkeypatch.setattr(network_module, "prepare_for_inference", lambda model: model)
    settings: dict[str, Any] = {"device": "cpu", "precision": "float32"} | options
    return Network(path, **settings)


def test_batch_that_was_too_large_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = Echo(limit=2)
    network = make_network(monkeypatch, tmp_path, model)
    tiling = TilingConfig(tile_size=32, overlap=8, batch_size=8)
    first = list(network.predict(IMAGE, tiling))
    second = list(network.predict(IMAGE, tiling))
    assert sum(isinstance(event, Degraded) for event in first) == 2
    assert not any(isinstance(event, Degraded) for event in second)
    assert max(model.batches) == 2


def test_device_that_was_too_small_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class OnCpuOnly(Echo):
        moves: list[str]

        def to(self, device: Any) -> OnCpuOnly:  # type: ignore[override]
            self.moves = [*getattr(self, "moves", []), str(device)]
            if str(device) != "cpu":
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            return self

    model = OnCpuOnly()
    monkeypatch.setattr(
        network_module, "choose_device", lambda _: torch.device("cuda:0")
    )
    network = make_network(monkeypatch, tmp_path, model, device="cuda")
    for _ in range(2):
        *_, ready = network.predict(IMAGE, TilingConfig())
        assert isinstance(ready, DistanceMapReady)
        assert ready.device == "cpu"
    assert model.moves.count("cuda:0") == 1
    assert network.device == CPU


def test_missing_device_is_told_before_the_model_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(DeviceError, match="cuda"):
        Network(tmp_path / "no file", device="cuda", precision="auto")


def test_device_that_computes_other_values_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(network_module, "choose_device", lambda _: torch.device("mps"))
    monkeypatch.setattr(network_module, "agrees_with_cpu", lambda *_: False)
    network = make_network(monkeypatch, tmp_path, Echo(), device="mps")
    assert network.device == CPU
    assert network.degraded is not None
    assert network.degraded.reason == "mps computes other values"


class Liar(nn.Module):
    """Computes something else, or fails, from the second call on."""

    def __init__(self, second: float | None) -> None:
        super().__init__()
        self.second = second
        self.calls = 0

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == 1:
            return image
        if self.second is None:
            raise RuntimeError("not implemented on this device")
        return image + self.second


@pytest.mark.parametrize(
    ("second", "agrees"),
    [(0.0, True), (0.01, True), (0.3, False), (float("nan"), False), (None, False)],
    ids=["same", "rounded", "other", "nan", "error"],
)
def test_self_test_tells_rounding_from_wrong_values(
    second: float | None, agrees: bool
) -> None:
    assert agrees_with_cpu(Liar(second), CPU) is agrees


def test_bfloat16_that_gives_other_values_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(network_module, "bfloat16_agrees", lambda _: False)
    network = make_network(monkeypatch, tmp_path, Echo(), precision="bfloat16")
    assert network.precision == "float32"
    assert network.degraded is not None
    assert "bfloat16" in network.degraded.reason
    assert network.degraded.device == "cpu"


class LowLiar(nn.Module):
    """Computes something else in bfloat16, on tiles one patch wide only."""

    def __init__(self, change: float) -> None:
        super().__init__()
        self.change = change

    def forward(self, image: Tensor) -> Tensor:
        low = torch.is_autocast_enabled("cpu") and image.shape[-1] == 16
        return image + self.change if low else image


@pytest.mark.parametrize(
    ("change", "agrees"),
    [(0.0, True), (0.01, True), (0.3, False), (float("nan"), False)],
    ids=["same", "rounded", "other", "nan"],
)
def test_self_test_of_bfloat16_knows_narrow_tiles(change: float, agrees: bool) -> None:
    assert bfloat16_agrees(LowLiar(change)) is agrees


def test_model_prepared_for_speed_gives_the_same_map(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny = Variant("vitx", 24, 4, 2, "mlp", 40, (0, 1, 2, 3))
    monkeypatch.setitem(VARIANTS, "vitx", tiny)
    torch.manual_seed(0)
    model = DinoCell(ModelConfig(variant="vitx8", decoder_channels=(16, 12, 10, 8)))
    model.train()(torch.rand(4, 1, 32, 32))  # statistics to fold
    model.eval()
    image = torch.rand(2, 1, 48, 64)
    with torch.no_grad():
        prepared = prepare_for_inference(copy.deepcopy(model))(image)
        torch.testing.assert_close(prepared, model(image), atol=1e-5, rtol=1e-4)
