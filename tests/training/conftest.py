"""A small folder of synthetic pairs and settings that train in a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from dinocell_training.data.source import SourceConfig
from dinocell_training.scratch.config import TrainConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


TINY = Variant("vitz", 24, 4, 2, "mlp", 40, (0, 1, 2, 3))


def register_tiny_variant() -> None:
    """A backbone of 4 blocks and 24 channels; "vitt" has 200 times the weights."""
    VARIANTS[TINY.name] = TINY


@pytest.fixture(autouse=True)
def tiny_variant() -> Iterator[None]:
    register_tiny_variant()
    yield
    del VARIANTS[TINY.name]


def draw_cells(seed: int, shape: tuple[int, int] = (80, 96)) -> tuple:
    """A noisy image of bright discs and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint16)
    for cell in range(1, 10):
        centre = (
            int(rng.integers(8, shape[1] - 8)),
            int(rng.integers(8, shape[0] - 8)),
        )
        cv2.circle(labels, centre, int(rng.integers(5, 9)), cell, -1)
    image = (labels > 0) * 120.0 + 40 + rng.normal(0, 8, shape)
    return np.clip(image, 0, 255).astype(np.uint8), labels


@pytest.fixture
def pair_folder(tmp_path: Path) -> Path:
    return write_pairs(tmp_path / "data")


def write_pairs(folder: Path) -> Path:
    """Six images and their labels, in a new folder."""
    folder.mkdir()
    for index in range(6):
        image, labels = draw_cells(index)
        cv2.imwrite(str(folder / f"cells{index}.png"), image)
        cv2.imwrite(str(folder / f"cells{index}_label.png"), labels)
    return folder


def small_config(**changes: object) -> TrainConfig:
    """Two epochs of two steps on small crops."""
    values: dict = {
        "name": "small",
        "variant": "vitz16",
        "decoder_channels": (8, 8, 8, 8),
        "sources": (SourceConfig(name="discs"),),
        "crop_sizes": (32, 48),
        "batch_size": 2,
        "epochs": 2,
        "steps_per_epoch": 2,
        "warmup_steps": 2,
        "validation_images": 2,
        "precision": "float32",
        "device": "cpu",
    }
    return TrainConfig(**{**values, **changes})
