"""`dinocell models`: listing, describing, downloading, converting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model import hub
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    replace_card,
    save_checkpoint,
)
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.read_info import read_info

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = ModelConfig(variant="vitt16", decoder_channels=(8, 8, 8, 8))
    path = tmp_path_factory.mktemp("models") / "small.safetensors"
    info = CheckpointInfo(
        model=config, name="Small [one]", licence="CC0-1.0", metrics={"ap50": 0.5}
    )
    save_checkpoint(path, DinoCell(config).eval(), info)
    return path


@pytest.fixture
def models_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "models").mkdir(parents=True)
    return tmp_path / "home" / "models"


def test_list_shows_usable_and_unusable_models(dinocell, checkpoint, models_home):
    (models_home / "mine.safetensors").write_bytes(checkpoint.read_bytes())
    (models_home / "broken.safetensors").write_bytes(b"nothing")
    lines = dinocell("models", "list").out.splitlines()
    mine = next(line for line in lines if line.startswith("mine"))
    assert {"own", "vitt16", "CC0-1.0"} <= set(mine.split())
    broken = next(line for line in lines if line.startswith("broken"))
    assert "unusable" in broken


def test_info_shows_the_whole_card(dinocell, checkpoint):
    out = dinocell("models", "info", checkpoint).out
    for text in ("Small [one]", "CC0-1.0", '"ap50": 0.5', file_sha256(checkpoint)):
        assert text in out


def test_info_of_an_unknown_model_is_an_error(dinocell):
    result = dinocell("models", "info", "nothing")
    assert result.status == 1
    assert "nothing" in result.err


def test_convert_rewrites_smaller_and_renames(dinocell, checkpoint, tmp_path):
    target = tmp_path / "half.safetensors"
    result = dinocell(
        "models", "convert", checkpoint, target, "--half", "--name", "Half"
    )
    assert result.status == 0, result.err
    assert target.stat().st_size < 0.6 * checkpoint.stat().st_size
    assert read_info(target).name == "Half"


def test_convert_refuses_another_suffix(dinocell, checkpoint, tmp_path):
    result = dinocell("models", "convert", checkpoint, tmp_path / "a.pt")
    assert result.status == 1
    assert ".safetensors" in result.err


@dataclass(frozen=True)
class FoundModel:
    repo_id: str = "owner/name"
    filename: str = "model.safetensors"
    licence: str = "cc-by-4.0"
    size: int = 12_300_000


@pytest.fixture
def fake_hub(monkeypatch, tmp_path):
    def download(repository, *, filename, revision, progress, found):
        if repository != "owner/name":
            raise CheckpointError(f"There is no {repository}.")
        found(FoundModel())
        progress(0, 10)
        progress(10, 10)
        return tmp_path / "downloaded.safetensors"

    monkeypatch.setattr(hub, "download_model", download)


def test_download_shows_the_licence_first(dinocell, fake_hub):
    result = dinocell("models", "download", "owner/name", "--yes")
    assert result.status == 0
    assert "licence: cc-by-4.0" in result.err
    assert "downloaded.safetensors" in result.out


def test_download_without_consent_gets_nothing(dinocell, fake_hub, monkeypatch):
    monkeypatch.setattr("sys.stdin", type("No", (), {"readline": lambda _: "n\n"})())
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    result = dinocell("models", "download", "owner/name")
    assert result.status == 1
    assert "downloaded" not in result.out


def test_failed_download_is_a_plain_error(dinocell, fake_hub):
    result = dinocell("models", "download", "owner/other", "--yes")
    assert result.status == 1
    assert "There is no owner/other" in result.err


def test_thresholds_of_a_card_change_and_the_weights_do_not(
    checkpoint, models_home, dinocell
):
    path = models_home / "mine.safetensors"
    path.write_bytes(checkpoint.read_bytes())
    before = load_file(path)
    result = dinocell(
        "models", "set-thresholds", "mine", "--seed", "0.6", "--foreground", "0.2"
    )
    assert "seed threshold 0.6, foreground threshold 0.2" in result.out
    former, card = read_info(checkpoint), read_info(path)
    assert card.watershed == WatershedConfig(
        seed_threshold=0.6, foreground_threshold=0.2
    )
    assert replace(card, watershed=former.watershed) == former
    after = load_file(path)
    assert all(torch.equal(after[name], before[name]) for name in before | after)


def test_thresholds_that_contradict_each_other_change_nothing(
    checkpoint, models_home, dinocell
):
    path = models_home / "mine.safetensors"
    path.write_bytes(checkpoint.read_bytes())
    result = dinocell("models", "set-thresholds", "mine", "--foreground", "0.9")
    assert result.status == 1
    assert "Expected 0 < foreground threshold" in result.err
    assert path.read_bytes() == checkpoint.read_bytes()


def test_card_of_another_architecture_is_refused(checkpoint):
    card = read_info(checkpoint)
    other = replace(card, model=replace(card.model, image_skips=True))
    with pytest.raises(CheckpointError, match="same architecture"):
        replace_card(checkpoint, other)
