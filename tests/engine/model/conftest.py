"""Models small enough to build in milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from napari_dinocell.engine.config import ContrastConfig, WatershedConfig
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.checkpoint_file import read_safetensors_header
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TAPS = (0, 1, 2, 3)
DECODER_CHANNELS = (16, 12, 10, 8)


@pytest.fixture(autouse=True)
def tiny_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variants that only the tests know: "vitx" (MLP) and "vity" (SwiGLU)."""
    torch.manual_seed(0)
    for variant in (
        Variant("vitx", 24, 4, 2, "mlp", 40, TAPS),
        Variant("vity", 24, 4, 2, "swiglu", 40, TAPS),
    ):
        monkeypatch.setitem(VARIANTS, variant.name, variant)


@pytest.fixture
def make_model() -> Callable[..., DinoCell]:
    """Build a tiny model whose every weight matters to the output."""

    def build(variant: str = "vitx8") -> DinoCell:
        model = DinoCell(
            ModelConfig(variant=variant, decoder_channels=DECODER_CHANNELS)
        )
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.ndim > 1:  # keeps the scale of what flows through
                    parameter.normal_(std=parameter[0].numel() ** -0.5)
                elif name.endswith("bias"):
                    parameter.normal_(std=0.3)
                else:  # norms and layer scales
                    parameter.uniform_(0.5, 1.5)
            norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
            for norm in norms:
                norm.momentum = 1.0  # statistics from a single batch
            model.train()(torch.rand(4, 1, 32, 32))
            for norm in norms:
                norm.momentum = 0.1
        return model.eval()

    return build


@pytest.fixture
def make_info() -> Callable[[DinoCell], CheckpointInfo]:
    """Describe a model, no field left at its default."""

    def describe(model: DinoCell) -> CheckpointInfo:
        return CheckpointInfo(
            model=model.config,
            name="Bright cells",
            contrast=ContrastConfig(clip_limit=3, window=64),
            watershed=WatershedConfig(seed_threshold=0.5, foreground_threshold=0.1),
            cell_diameter=30.5,
            licence="BSD-3-Clause",
            data_sources=("Set A (CC BY 4.0)", "Set B (CC0)"),
            metrics={"AP@0.5": 0.8, "images": 12},
            parent_sha256="ab" * 32,
            recipe={"steps": 100},
        )

    return describe


@pytest.fixture
def saved(
    make_model: Callable[..., DinoCell],
    make_info: Callable[[DinoCell], CheckpointInfo],
    tmp_path: Path,
) -> tuple[Path, DinoCell]:
    """Path of a native checkpoint, and the model in it."""
    model, path = make_model(), tmp_path / "model.safetensors"
    save_checkpoint(path, model, make_info(model))
    return path, model


@pytest.fixture
def good(make_model: Callable[..., DinoCell], tmp_path: Path) -> Path:
    model, path = make_model(), tmp_path / "good.safetensors"
    save_checkpoint(path, model, CheckpointInfo(model=model.config, name="good"))
    return path


@pytest.fixture
def good_pt(good: Path) -> Path:
    path = good.with_suffix(".pt")
    header = read_safetensors_header(good).metadata["dinocell"]
    torch.save({"dinocell": header, "weights": load_file(good)}, path)
    return path
