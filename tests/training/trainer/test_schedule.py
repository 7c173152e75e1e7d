"""The learning rate rises, holds and falls."""

import pytest

from dinocell_training.trainer.schedule import learning_rate_factor


def _factors(total=1000, warmup=100, decay_share=0.4):
    return [
        learning_rate_factor(s, total=total, warmup=warmup, decay_share=decay_share)
        for s in range(total)
    ]


def test_rises_linearly_holds_and_falls_to_zero():
    factors = _factors()
    assert factors[0] == pytest.approx(0.01)
    assert factors[49] == pytest.approx(0.5)
    assert factors[100:600] == [1.0] * 500
    assert factors[800] == pytest.approx(0.5, abs=0.01)
    assert factors[-1] < 1e-4
    assert factors[600:] == sorted(factors[600:], reverse=True)


def test_a_longer_run_changes_nothing_before_its_fall():
    assert _factors(total=1000)[:600] == _factors(total=2000)[:600]


def test_falls_all_the_way_when_the_share_is_one():
    factors = _factors(warmup=1, decay_share=1.0)
    assert factors[500] == pytest.approx(0.5, abs=0.01)
