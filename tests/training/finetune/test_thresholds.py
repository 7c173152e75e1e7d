"""A fine-tuned model gets the thresholds that suit its examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dinocell_training.finetune import loop as finetune
from dinocell_training.finetune import result as finetune_result
from dinocell_training.finetune import thresholds as finetune_thresholds
from dinocell_training.finetune.run import start_run
from dinocell_training.finetune.thresholds import tune_on_examples
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.model.read_info import read_info
from tests.training.finetune.conftest import run, small


@pytest.fixture
def predict(monkeypatch):
    """Maps that are the truth, so many times as high."""

    def set_height(height: float) -> None:
        def fake(model, example, **_):
            return example.target * height

        monkeypatch.setattr(finetune_thresholds, "predict_example", fake)
        monkeypatch.setattr(finetune_result, "predict_example", fake)

    return set_height


def test_low_maps_get_low_thresholds(base, corrections, output, predict):
    """At the base's 0.47 nothing would be found."""
    predict(0.4)
    started = start_run(base, corrections, None, small(), output)
    tuned = tune_on_examples(started)
    assert tuned.seed_threshold < 0.4
    assert tuned.foreground_threshold <= WatershedConfig().foreground_threshold


def test_thresholds_that_do_well_stay(base, corrections, output, predict):
    predict(1.0)
    started = start_run(base, corrections, None, small(), output)
    assert tune_on_examples(started) == started.base_info.watershed


def test_they_are_stored_and_judged_with(base, corrections, output, predict):
    predict(0.4)
    ended = run(base, corrections, output)[-1]
    assert ended.watershed.seed_threshold < 0.4
    assert read_info(output).watershed == ended.watershed
    assert ended.before.ap50 == 0
    assert ended.after.ap50 > 0.9
    assert ended.comparisons[0].labels_after.max() > 0


def test_they_are_dropped_where_the_judges_suffer(
    base, corrections, output, predict, monkeypatch
):
    predict(0.9)
    blind = replace(WatershedConfig(), seed_threshold=0.95)
    monkeypatch.setattr(finetune, "tune_on_examples", lambda run: blind)
    ended = run(base, corrections, output)[-1]
    assert ended.watershed == WatershedConfig()
    assert read_info(output).watershed == WatershedConfig()
    assert ended.after.ap50 > 0.9
