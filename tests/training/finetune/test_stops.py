"""Fine-tuning that is stopped, killed and resumed."""

from __future__ import annotations

import pytest
import torch

from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune import plan, rehearsal, result
from dinocell_training.finetune.events import (
    FeaturesDone,
    FinetuneEnded,
    FinetuneEpoch,
    FinetunePlanned,
    FinetuneStep,
)
from dinocell_training.finetune.loop import discard_run, finetune, unfinished_run
from napari_dinocell.engine.errors import TrainingFailedError
from napari_dinocell.engine.model.read_info import read_info
from tests.training.finetune.conftest import add_cells, run, small, weights


@pytest.mark.parametrize(
    "stop_after",
    [
        pytest.param(FinetunePlanned, id="before anything"),
        pytest.param(FeaturesDone, id="in the features"),
        pytest.param(FinetuneStep, id="in the first epoch"),
    ],
)
@pytest.mark.parametrize("how", ["cancel", "close"])
def test_stopped_before_the_first_epoch_is_done_nothing_is_left(
    base, corrections, output, stop_after, how
):
    wish: list[bool] = []
    events = finetune(base, corrections, output, small(), cancel=lambda: bool(wish))
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, stop_after):
            if how == "close":
                events.close()
            wish.append(True)
    if how == "cancel":
        assert isinstance(seen[-1], FinetuneEnded)
        assert seen[-1].checkpoint is None
        assert not seen[-1].better
        assert "no model was made" in seen[-1].verdict
    assert isinstance(seen[-2 if how == "cancel" else -1], stop_after)
    assert not output.parent.exists()


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_stopped_later_the_best_epoch_is_kept_and_can_be_resumed(
    base, corrections, output, how
):
    wish: list[bool] = []
    events = finetune(
        base, corrections, output, small(epochs=3), cancel=lambda: bool(wish)
    )
    steps = 0
    for event in events:
        steps += isinstance(event, FinetuneStep)
        if steps == 3:  # in the middle of the second epoch
            if how == "close":
                events.close()
            wish.append(True)
    if how == "cancel":
        assert event.reason == "stopped by the user"
        assert event.checkpoint == output
    assert read_info(output).metrics["fine_tuned"]["epoch"] == 1
    assert unfinished_run(output)
    with pytest.raises(TrainingFailedError, match="Resume it"):
        run(base, corrections, output)
    resumed = run(base, corrections, output, epochs=3, resume=True)
    assert resumed[0].epoch == 1
    assert [e.epoch for e in resumed if isinstance(e, FinetuneEpoch)] == [2, 3]
    assert not unfinished_run(output)


@pytest.mark.parametrize("full", [False, True])
def test_a_resumed_run_ends_like_an_uninterrupted_one(
    base, corrections, output, tmp_path, full
):
    whole = tmp_path / "whole.safetensors"
    run(base, corrections, whole, epochs=3, full=full)
    events = finetune(base, corrections, output, small(epochs=3, full=full))
    for event in events:
        if isinstance(event, FinetuneEpoch):
            events.close()
    run(base, corrections, output, epochs=3, full=full, resume=True)
    resumed = weights(output)
    for name, value in weights(whole).items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0)
    assert read_info(output).metrics == read_info(whole).metrics


def test_another_base_or_other_examples_are_not_resumed(base, corrections, output):
    events = finetune(base, corrections, output, small())
    for event in events:
        if isinstance(event, FinetuneEpoch):
            events.close()
    add_cells(corrections, 9)
    with pytest.raises(TrainingFailedError, match=r"another loss, examples\. Start"):
        run(base, corrections, output, resume=True, loss="bce")
    discard_run(output)
    with pytest.raises(TrainingFailedError, match="no unfinished run"):
        run(base, corrections, output, resume=True)


@pytest.mark.parametrize("at", ["reading", "timing", "judging"])
def test_stop_is_heard_before_the_first_step(
    base, corrections, output, monkeypatch, at
):
    """At the next file or the next layer; the rest of them is never come to."""
    calls, more = [], []
    place, name = {
        "reading": (Corrections, "read"),
        "timing": (plan, "batch_loss"),
        "judging": (result, "predict_example"),
    }[at]
    real = getattr(place, name)

    def watched(*args, **options):
        calls.append(at)
        made = real(*args, **options)
        more.append(at)
        return made

    monkeypatch.setattr(place, name, watched)
    events = run(base, corrections, output, cancel=lambda: bool(calls))
    assert len(calls) == 1
    assert len(more) == (at == "reading")
    assert events[-1].reason == "stopped by the user"
    assert events[-1].checkpoint is None
    assert len(events) == (2 if at == "judging" else 1)
    assert not output.parent.exists()


def test_stop_is_heard_while_images_to_rehearse_are_made(
    base, corrections, output, monkeypatch
):
    made = []
    nuclei = rehearsal.fluorescent_nuclei

    def counted(**options):
        made.append(options)
        return nuclei(**options)

    monkeypatch.setattr(rehearsal, "fluorescent_nuclei", counted)
    events = run(base, corrections, output, rehearsal=20, cancel=lambda: len(made) >= 2)
    assert len(made) == 2
    assert [type(event) for event in events] == [FinetunePlanned, FinetuneEnded]
    assert events[-1].reason == "stopped by the user"
