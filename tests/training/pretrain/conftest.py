"""Made-up pictures without labels, and settings that pretrain in a second."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from dinocell_training.pretrain.config import PretrainConfig, ViewConfig
from dinocell_training.scenes.random.cells import Cells
from dinocell_training.scenes.random.recipe import random_labels, render

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 64


def write_scenes(folder: Path, count: int = 12) -> Path:
    """Pictures of any cells in any light, in a new folder."""
    folder.mkdir()
    for index in range(count):
        rng = np.random.default_rng(index)
        cells = Cells.of(random_labels(rng, (SIDE, SIDE), 16.0))
        cv2.imwrite(str(folder / f"scene{index}.png"), render(rng, cells))
    return folder


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve of them, drawn once; never changed."""
    return write_scenes(tmp_path_factory.mktemp("pretrain") / "scenes")


def small_config(*, clahe: bool = True, **changes: object) -> PretrainConfig:
    """Two epochs of two steps with small views, heads and backbone."""
    values: dict = {
        "variant": "vitz8",
        "views": ViewConfig(large=32, small=16, small_count=2),
        "window": 64,
        "head_hidden": 32,
        "head_narrow": 16,
        "prototypes": 32,
        "batch_size": 8,
        "epochs": 2,
        "steps_per_epoch": 2,
        "warmup_steps": 2,
        "drop_path": 0.1,
        "precision": "float32",
        "device": "cpu",
    }
    config = PretrainConfig(**{**values, **changes})
    return replace(config, contrast=replace(config.contrast, clahe=clahe))
