"""A model between base and new one is kept where it gains as much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from dinocell_training.finetune import blend as blend_module
from dinocell_training.finetune import loop
from dinocell_training.finetune.blend import blended, choose_blend
from dinocell_training.finetune.events import FinetuneEnded
from dinocell_training.finetune.rehearsal import rehearsal_tiles
from dinocell_training.finetune.run import FinetuneRun, start_run
from dinocell_training.finetune.score import Scores
from tests.training.finetune.conftest import run, small, weights

BEFORE = Scores(ap50=0.5, ap75=0.3, mean_ap=0.3, loss=0.10, cells=20)
BEST = Scores(ap50=0.8, ap75=0.5, mean_ap=0.5, loss=0.04, cells=20)


def test_weights_in_between():
    base = {"a": torch.tensor([0.0, 4.0]), "count": torch.tensor(3)}
    new = {"a": torch.tensor([2.0, 8.0]), "count": torch.tensor(7)}
    middle = blended(base, new, 0.25)
    assert middle["a"].tolist() == [0.5, 5.0]
    assert middle["count"].item() == 7
    assert blended(base, new, 1)["a"].tolist() == new["a"].tolist()


@pytest.fixture
def started(base, corrections, output) -> FinetuneRun:
    """A run that has a best epoch, each weight of it one more than the base's."""
    started = start_run(base, corrections, None, small(rehearsal=1), output)
    started.best = {
        k: v + 1 if v.is_floating_point() else v for k, v in started.base.items()
    }
    started.before, started.best_scores, started.best_epoch = BEFORE, BEST, 2
    return started


def share_of(run: FinetuneRun) -> float:
    """How far the model has gone from the base."""
    name = next(k for k, v in run.base.items() if v.is_floating_point())
    value = run.model.state_dict()[name].cpu() - run.base[name]
    return round(float(value.mean()), 3)


def judged_by(monkeypatch: pytest.MonkeyPatch, scores: dict[float, Scores]) -> None:
    """Let each share of the way score as told."""
    monkeypatch.setattr(blend_module, "judge", lambda run, _: [share_of(run)])
    monkeypatch.setattr(blend_module, "mean_scores", lambda judged: scores[judged[0]])


@pytest.mark.parametrize(
    ("good", "share"),
    [((0.25, 0.5, 0.75), 0.25), ((0.5, 0.75), 0.5), ((), 1.0)],
)
def test_nearest_to_the_base_that_gains_enough(started, monkeypatch, good, share):
    enough = replace(BEST, loss=0.045, ap50=0.78)
    poor = [replace(BEST, loss=0.047), replace(BEST, ap50=0.76), BEFORE]
    scores = {
        s: enough if s in good else poor[i] for i, s in enumerate((0.25, 0.5, 0.75))
    }
    judged_by(monkeypatch, scores)
    new = started.best
    chosen = choose_blend(started, None, lambda: False)
    assert chosen.share == share
    assert chosen.kept is None  # nothing was rehearsed
    assert share_of(started) == share
    assert started.best_scores == (BEST if share == 1 else enough)
    expected = blended(started.base, new, share)
    assert all(torch.equal(started.best[k], v) for k, v in expected.items())


def test_a_model_that_is_worse_than_its_base_is_not_chosen_for_being_near(
    started, monkeypatch
):
    """Gain is measured from the base; a loss of AP50 is none."""
    started.best_scores = replace(BEST, ap50=0.4)
    judged_by(monkeypatch, dict.fromkeys((0.25, 0.5, 0.75), replace(BEST, ap50=0.39)))
    assert choose_blend(started, None, lambda: False).share == 1


def test_cancelled_keeps_the_best_epoch(started, monkeypatch):
    monkeypatch.setattr(blend_module, "judge", lambda *_: [])
    new = started.best
    assert choose_blend(started, None, lambda: True).share == 1
    assert share_of(started) == 1
    assert started.best is new


def test_the_base_keeps_all_of_its_own_cells(started, monkeypatch):
    """What is told of a model that has changed nothing is that nothing is lost."""
    started.model.load_state_dict(started.model.state_dict() | started.base)
    rehearsal = rehearsal_tiles(started, lambda: False)
    for _ in rehearsal.add_features(
        started.model, device=started.device, precision="float32"
    ):
        pass
    started.best = dict(started.base)
    judged_by(monkeypatch, dict.fromkeys((0.0,), BEST))
    same = choose_blend(started, rehearsal, lambda: False)
    assert same.kept is None or same.kept > 0.97


def test_a_run_publishes_what_it_has_chosen(base, corrections, output, monkeypatch):
    """The checkpoint lies between base and best epoch, and is judged itself."""
    best: dict[str, Any] = {}
    real = loop.choose_blend

    def near(run: FinetuneRun, *rest: Any) -> Any:
        best.update(run.best)
        monkeypatch.setattr(blend_module, "KEPT_GAIN", -10.0)  # all gain enough
        return real(run, *rest)

    monkeypatch.setattr(loop, "choose_blend", near)
    ended = run(base, corrections, output, epochs=1, steps_per_epoch=4)[-1]
    assert isinstance(ended, FinetuneEnded)
    before, after = weights(base), weights(output)
    for name, value in best.items():
        if value.is_floating_point():
            middle = torch.lerp(before[name], value, 0.25)
            torch.testing.assert_close(after[name], middle)
