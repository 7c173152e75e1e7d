"""The time left of a training run."""

from __future__ import annotations

import pytest

from dinocell_training.finetune.events import Costs, FinetunePlanned, rough_duration
from napari_dinocell.session.training.meter import TrainingMeter


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def meter(clock):
    return TrainingMeter(clock)


def planned(seconds, costs=None):
    return FinetunePlanned(
        train_examples=3,
        judged_examples=1,
        held_out=True,
        epoch=0,
        total_epochs=4,
        tiles=20,
        estimated_seconds=seconds,
        device="cpu",
        precision="float32",
        costs=costs,
    )


def test_before_the_plan_nothing_is_known(meter):
    assert meter.now().fraction is None
    assert meter.now().seconds_left is None


def test_what_a_stop_keeps_is_said(meter):
    meter.stop()
    assert meter.now().stage == "Stopping; nothing was trained yet…"
    meter.finish_step(1, 10, 2)
    meter.stop()
    assert meter.now().stage == "Stopping; the best so far is kept…"


def test_the_estimate_is_believed_at_first(meter, clock):
    meter.plan(planned(60))
    clock.now += 15
    assert meter.now().seconds_left == pytest.approx(45)
    assert meter.now().fraction == pytest.approx(0.25)


def test_a_measured_epoch_corrects_the_estimate(meter, clock):
    meter.plan(planned(60))
    meter.finish_step(1, 40, 4)
    clock.now += 20
    meter.finish_step(11, 40, 4)  # ten steps and a validation took 20 s
    assert meter.now().seconds_left == pytest.approx(58)
    assert "Epoch 2 of 4" in meter.now().stage


def test_a_few_steps_correct_the_estimate(meter, clock):
    """On a machine that got three times as slow as when it was timed."""
    costs = Costs(once=10, step=0.5, judging=2)
    meter.plan(planned(10 + 5 * 2 + 40 * 0.5, costs))
    meter.finish_step(1, 40, 4)
    clock.now += 1.5
    meter.finish_step(2, 40, 4)
    before = meter.now().seconds_left
    assert before < 40  # one step may be an accident
    clock.now += 3
    meter.finish_step(4, 40, 4)
    assert meter.now().seconds_left == pytest.approx(3 * (36 * 0.5 + 4 * 2))
    clock.now += 6
    meter.finish_step(8, 40, 4)
    assert meter.now().seconds_left == pytest.approx(3 * (32 * 0.5 + 4 * 2))


def test_a_few_tiles_correct_the_estimate(meter, clock):
    costs = Costs(once=10, step=0.5, judging=2)
    meter.plan(planned(10 + 5 * 2 + 40 * 0.5, costs))
    meter.finish_features(0, 20)
    clock.now += 10
    meter.finish_features(5, 20)  # 2 s each, where half a second was planned
    assert meter.now().seconds_left == pytest.approx(4 * (7.5 + 4 * 2 + 40 * 0.5))
    meter.finish_features(20, 20)
    clock.now += 5
    meter.finish_step(1, 40, 4)  # another kind of work is timed anew
    clock.now += 3
    meter.finish_step(7, 40, 4)
    assert meter.now().seconds_left == pytest.approx(33 * 0.5 + 4 * 2)


def test_the_bar_never_goes_back_and_never_ends_early(meter, clock):
    meter.plan(planned(10))
    clock.now += 1000
    high = meter.now().fraction
    assert high < 1
    meter.finish_step(1, 40, 4)
    clock.now += 1000
    meter.finish_step(11, 40, 4)
    assert meter.now().fraction >= high


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (80, "80 s"),
        (89, "89 s"),
        (95, "2 min"),
        (200, "3 min"),
        (3600, "60 min"),
        (7200, "2.0 h"),
    ],
)
def test_durations(seconds, text):
    assert rough_duration(seconds) == text
