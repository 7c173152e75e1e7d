"""A segmenter whose network takes brightness for distance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_dinocell.engine import segmenter as segmenter_module
from napari_dinocell.engine.config import (
    ContrastConfig,
    SegmentConfig,
    TilingConfig,
    WatershedConfig,
)
from napari_dinocell.engine.inference import network as network_module
from napari_dinocell.engine.model.checkpoint import CheckpointInfo
from napari_dinocell.engine.model.dinocell import ModelConfig
from napari_dinocell.engine.segmenter import Segmenter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THRESHOLDS = WatershedConfig(seed_threshold=0.6, foreground_threshold=0.2)
CONFIG = SegmentConfig(
    contrast=ContrastConfig(clahe=False, low_percentile=0, high_percentile=100),
    tiling=TilingConfig(tile_size=64, overlap=16, batch_size=1),
    watershed=THRESHOLDS,
    cell_diameter=None,
)


class Echo(nn.Module):
    """A network that takes brightness for distance; fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.broken = False
        self.limit = 100
        """Larger batches run out of memory."""

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        if self.broken:
            raise RuntimeError("broken")
        if len(image) > self.limit:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return image


@pytest.fixture
def info() -> CheckpointInfo:
    return CheckpointInfo(
        model=ModelConfig(),
        name="echo",
        contrast=CONFIG.contrast,
        watershed=THRESHOLDS,
        cell_diameter=20.0,
    )


@pytest.fixture
def echo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, info: CheckpointInfo
) -> SimpleNamespace:
    """A checkpoint whose network is an `Echo`: its path and the network itself."""
    path = tmp_path / "echo.safetensors"
    path.touch()
    model = Echo()
    monkeypatch.setattr(segmenter_module, "read_info", lambda _: info)
    monkeypatch.setattr(network_module, "load_checkpoint", lambda _: (model, info))
    monkeypatch.setattr(network_module, "prepare_for_inference", lambda model: model)
    return SimpleNamespace(path=path, model=model)


@pytest.fixture
def segmenter(echo: SimpleNamespace) -> Segmenter:
    return Segmenter(echo.path, device="cpu", precision="float32")


@pytest.fixture
def config() -> SegmentConfig:
    """Contrast that changes little, small tiles, thresholds for cones."""
    return CONFIG


@pytest.fixture
def make_cones() -> Callable[[int], np.ndarray[Any, Any]]:
    """Two rows of four cones, each filling a square of `step` pixels; uint16."""

    def make(step: int) -> np.ndarray[Any, Any]:
        y, x = np.mgrid[: 2 * step, : 4 * step]
        radius = np.hypot(y % step - step / 2, x % step - step / 2)
        height: np.ndarray[Any, Any] = np.clip(1 - radius / (step / 2), 0, 1)
        return (1000 * height).astype(np.uint16)

    return make


@pytest.fixture
def image(make_cones: Callable[[int], np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Eight cones of radius 12."""
    return make_cones(24)
