"""Batches: the same whoever draws them, and cheap to carry."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.training.conftest import small_config

from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.source import SourceConfig
from dinocell_training.scratch.batches import draw_batches
from dinocell_training.scratch.samples import prepare_sample
from napari_dinocell.engine.errors import SettingsError

CPU = torch.device("cpu")


@pytest.fixture
def samples(pair_folder):
    config = small_config()
    return [prepare_sample(p, config) for p in find_pairs(pair_folder, config.sources)]


def _drawn(samples, config, *, first_step=0):
    return list(draw_batches(samples, config, CPU, first_step=first_step))


def test_a_batch_for_every_step_that_is_left(samples):
    config = small_config(batch_size=3)
    batches = _drawn(samples, config)
    assert len(batches) == config.total_steps
    assert len(_drawn(samples, config, first_step=3)) == config.total_steps - 3
    for batch in batches:
        assert len({part.shape for part in batch}) == 1
        side = batch[0].shape[-1]
        assert batch[0].shape == (3, 1, side, side)
        assert side in config.crop_sizes
        for part in batch:
            assert part.dtype == torch.float32
            assert 0 <= part.min() <= part.max() <= 1
        assert set(batch[2].unique().tolist()) <= {0.0, 1.0}


def test_processes_draw_what_the_run_itself_draws(samples):
    config = small_config(epochs=3)
    alone = _drawn(samples, replace(config, workers=0))
    helped = _drawn(samples, replace(config, workers=2))
    for first, second in zip(alone, helped, strict=True):
        for one, other in zip(first, second, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_later_start_draws_the_same_steps(samples):
    config = small_config(epochs=3)
    whole, rest = _drawn(samples, config), _drawn(samples, config, first_step=2)
    torch.testing.assert_close(rest[0][0], whole[2][0], rtol=0, atol=0)
    assert not torch.equal(whole[0][0], whole[1][0])


def test_sources_are_drawn_by_their_weight(samples):
    """One image of the heavy source outweighs five of the light one."""
    bright = replace(
        samples[0],
        target=np.full_like(samples[0].target, 255),
        source=SourceConfig(name="heavy", weight=9.0),
    )
    light = [replace(s, target=np.zeros_like(s.target)) for s in samples[1:]]
    config = small_config(batch_size=20, epochs=5)
    drawn = torch.cat(
        [batch[1].amax((1, 2, 3)) for batch in _drawn([bright, *light], config)]
    )
    assert drawn.mean() == pytest.approx(0.9, abs=0.06)


def test_a_negative_number_of_processes_is_refused():
    with pytest.raises(SettingsError, match="workers >= 0"):
        small_config(workers=-1)
