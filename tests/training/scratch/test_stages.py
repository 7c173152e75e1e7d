"""A recipe that continues what another one makes."""

from __future__ import annotations

import pytest
from tests.training.conftest import small_config

from dinocell_training.scratch import stages
from dinocell_training.scratch.events import TrainingFinished
from dinocell_training.scratch.loop import train
from dinocell_training.scratch.stages import train_in_stages


@pytest.fixture
def recipes(monkeypatch):
    """Two recipes, by name."""
    found = {"first": small_config(name="one", epochs=1)}
    monkeypatch.setattr(stages, "load_recipe", found.__getitem__)
    return found


def _finished(events) -> list[str]:
    return [e.checkpoint.name for e in events if isinstance(e, TrainingFinished)]


def test_the_earlier_stage_comes_first(pair_folder, tmp_path, recipes):
    config = small_config(name="two", epochs=1, initial_recipe="first")
    ends = _finished(train_in_stages(pair_folder, tmp_path / "run", config))
    assert ends == ["one.safetensors", "two.safetensors"]


def test_a_finished_stage_is_not_trained_again(pair_folder, tmp_path, recipes):
    """Resuming after a stop in the second stage goes on there."""
    list(train(pair_folder, tmp_path / "run" / "first", recipes["first"]))
    config = small_config(name="two", epochs=1, initial_recipe="first")
    events = train_in_stages(pair_folder, tmp_path / "run", config, resume=True)
    assert _finished(events) == ["two.safetensors"]


def test_without_an_earlier_stage_it_is_one_run(pair_folder, tmp_path):
    config = small_config(epochs=1)
    assert _finished(train_in_stages(pair_folder, tmp_path / "run", config)) == [
        "small.safetensors"
    ]
