"""A model of a few thousand weights, and corrections that it learns from in seconds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch

from dinocell_training.corrections.folder import Corrections, Origin
from dinocell_training.finetune.loop import FinetuneConfig, finetune
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from tests.training.conftest import draw_cells


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_base(tmp_path / "base.safetensors")


def write_base(path: Path) -> Path:
    """A model that knows nothing, but was told that it is trained."""
    path.write_bytes(_base())
    return path


@cache
def _base() -> bytes:
    """The file's content: made once, and stamped with the time of its making."""
    torch.manual_seed(0)
    config = ModelConfig(variant="vitz16", decoder_channels=(8, 8, 8, 8))
    info = CheckpointInfo(model=config, name="base", cell_diameter=14.0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "base.safetensors"
        save_checkpoint(path, DinoCell(config).eval(), info)
        return path.read_bytes()


@pytest.fixture
def corrections(tmp_path: Path) -> Corrections:
    return write_corrections(tmp_path / "corrections")


def write_corrections(path: Path) -> Corrections:
    """Four examples, each of another image."""
    folder = Corrections(path)
    for seed in range(4):
        add_cells(folder, seed)
    return folder


def add_cells(folder: Corrections, seed: int, **changes: Any) -> str:
    image, labels = draw_cells(seed)
    origin = Origin(image=f"cells{seed}.tif", measured_diameter=14.0)
    given = {"image": image, "labels": labels, "origin": origin, **changes}
    return folder.add(**given).name


def small(**changes: Any) -> FinetuneConfig:
    """Two epochs of two steps, without rehearsal, which draws scenes."""
    values: dict[str, Any] = {
        "epochs": 2,
        "steps_per_epoch": 2,
        "batch_size": 2,
        "warmup_steps": 1,
        "views": 8,
        "tile_size": 96,
        "rehearsal": 0,
        "precision": "float32",
        "device": "cpu",
        "learning_rate": 5e-3,
    }
    return FinetuneConfig(**{**values, **changes})


def run(base: Path, corrections: Corrections, output: Path, **options: Any) -> list:
    """All events of a run; settings by name, options of `finetune` by keyword."""
    keywords = {
        n: options.pop(n) for n in ("resume", "cancel", "validation") if n in options
    }
    return list(finetune(base, corrections, output, small(**options), **keywords))


def weights(path: Path) -> dict[str, torch.Tensor]:
    from napari_dinocell.engine.model.checkpoint import load_checkpoint

    return load_checkpoint(path)[0].state_dict()


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return left.dtype == right.dtype and np.array_equal(left, right)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "models" / "mine.safetensors"
