"""`dinocell pretrain`: images in, a backbone and its figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dinocell_training.pretrain import config as pretrain_config
from napari_dinocell.engine.model.read_info import read_info
from tests.training.conftest import tiny_variant
from tests.training.pretrain.conftest import scenes, small_config

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["scenes", "tiny_variant"]


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe "ssl" in small."""
    monkeypatch.setattr(
        pretrain_config,
        "load_pretrain_recipe",
        lambda name: {"ssl": small_config(steps_per_epoch=1)}[name],
    )


def test_a_backbone_comes_out_and_converts(dinocell, scenes, recipe, tmp_path: Path):
    folder = tmp_path / "mine"
    outcome = dinocell("pretrain", scenes, "-o", folder, "--epochs", 1)
    assert outcome.status == 0
    assert "12 fields; cpu, float32" in outcome.err
    assert "epoch 1/1: loss" in outcome.out
    assert "answers; " in outcome.out
    native = tmp_path / "native.safetensors"
    backbone = folder / "mine.safetensors"
    assert dinocell("models", "convert", backbone, native, "--half").status == 0
    assert read_info(native).needs_training
    assert dinocell("pretrain", scenes, "-o", folder, "--epochs", 1).status == 1
    more = dinocell("pretrain", scenes, "-o", folder, "--epochs", 2, "--resume")
    assert "from epoch 2" in more.err
    assert "epoch 2/2" in more.out


def test_a_missing_folder_is_said(dinocell, recipe, tmp_path: Path):
    outcome = dinocell("pretrain", tmp_path / "nothing", "-o", tmp_path / "run")
    assert outcome.status == 1
    assert "does not exist" in outcome.err
