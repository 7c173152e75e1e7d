"""The time left of a training run."""

from __future__ import annotations

import pytest

from dinocell_training.finetune.events import rough_duration
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


def test_before_the_plan_nothing_is_known(meter):
    assert meter.now().fraction is None
    assert meter.now().seconds_left is None


def test_the_estimate_is_believed_at_first(meter, clock):
    meter.plan(60)
    clock.now += 15
    assert meter.now().seconds_left == pytest.approx(45)
    assert meter.now().fraction == pytest.approx(0.25)


def test_a_measured_epoch_corrects_the_estimate(meter, clock):
    meter.plan(60)
    meter.finish_step(1, 40, 4)
    clock.now += 20
    meter.finish_step(11, 40, 4)  # ten steps and a validation took 20 s
    assert meter.now().seconds_left == pytest.approx(58)
    assert "Epoch 2 of 4" in meter.now().stage


def test_the_bar_never_goes_back_and_never_ends_early(meter, clock):
    meter.plan(10)
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
