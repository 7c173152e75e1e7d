"""`dinocell train --corrections`: arguments in, a model among the user's own out."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from dinocell_training.finetune import config as finetune_config
from dinocell_training.finetune import loop as finetune_module
from napari_dinocell.engine.model.read_info import read_info
from tests.training.conftest import tiny_variant
from tests.training.finetune.conftest import base, corrections, small

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["base", "corrections", "tiny_variant"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture
def train(dinocell, corrections, base, home, monkeypatch):
    """Run `dinocell train --corrections ... -o mine` with small settings."""
    monkeypatch.setattr(finetune_config, "FinetuneConfig", small)

    def run(*arguments: object):
        given = ["--corrections", corrections.folder, "--base", base, "-o", "mine"]
        return dinocell("train", *given, *arguments)

    return run


def test_a_model_is_trained_and_named(train, home):
    outcome = train("--epochs", 3)
    assert outcome.status == 0
    assert "3 examples to train, 1 held out; about" in outcome.err
    assert outcome.out.count("validation loss") == 3
    assert "AP50 before" in outcome.out
    assert str(home / "mine.safetensors") in outcome.out.replace("\n", "")
    assert read_info(home / "mine.safetensors").recipe["epochs"] == 3


def test_options_become_settings(train, home):
    outcome = train("--full", "--learning-rate", 0.002, "--validation-share", 0.5)
    assert "2 examples to train, 2 held out" in outcome.err
    recipe = read_info(home / "mine.safetensors").recipe
    assert (recipe["full"], recipe["learning_rate"]) == (True, 0.002)


def test_a_path_is_taken_as_it_is(train, tmp_path, corrections):
    path = tmp_path / "elsewhere" / "new.safetensors"
    assert train("-o", path, "--validation", corrections.folder).status == 0
    assert path.is_file()


def test_ctrl_c_keeps_the_best_epoch(train, home, monkeypatch):
    real, handler = finetune_module.finetune, signal.getsignal(signal.SIGINT)

    def interrupted(*args, **options):
        for event in real(*args, **options):
            yield event
            if type(event).__name__ == "FinetuneEpoch" and event.epoch == 1:
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(finetune_module, "finetune", interrupted)
    outcome = train("--epochs", 50)
    assert outcome.status == 130
    assert "the best epoch so far is kept" in outcome.err
    assert "--resume" in outcome.err
    assert read_info(home / "mine.safetensors").metrics["fine_tuned"]["epoch"] == 1
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x"], "expected FOLDER or --corrections"),
        (["data", "-o", "x", "--full"], "--full goes with --corrections only"),
        (["data", "-o", "x", "--corrections", "c"], "FOLDER does not go with"),
        (["-o", "x", "--corrections", "c", "--recipe", "r"], "--recipe does not go"),
    ],
)
def test_options_of_the_other_kind_are_refused(dinocell, arguments, message):
    outcome = dinocell("train", *arguments)
    assert outcome.status == 2
    assert message in " ".join(outcome.err.replace("│", " ").split())


def test_wrong_examples_are_a_plain_error(dinocell, base, tmp_path, home):
    outcome = dinocell(
        "train", "--corrections", tmp_path / "none", "--base", base, "-o", "mine"
    )
    assert outcome.status == 1
    assert "Found no example to learn from" in outcome.err
