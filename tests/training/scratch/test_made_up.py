"""Made-up pictures among the real crops of a training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.training.conftest import small_config

from dinocell_training.data.pairs import find_pairs
from dinocell_training.scenes.random.recipe import SceneConfig
from dinocell_training.scratch.batches import draw_batches
from dinocell_training.scratch.config import TrainConfig
from dinocell_training.scratch.made_up import made_up_sample
from dinocell_training.scratch.samples import Sample, prepare_sample

CPU = torch.device("cpu")


@pytest.fixture
def samples(pair_folder) -> list[Sample]:
    config = small_config()
    return [prepare_sample(p, config) for p in find_pairs(pair_folder, config.sources)]


def scenes(**shares: float) -> TrainConfig:
    return small_config(scenes=SceneConfig(share=1.0, **shares))


def test_a_made_up_sample_is_made_ready_like_a_real_one(samples):
    config = scenes(empty=0, real_labels=0)
    sample = made_up_sample(96, config, samples, np.random.default_rng(0))
    assert (
        sample.image.shape == sample.target.shape == sample.labels.shape == (120, 120)
    )
    assert sample.image.dtype == sample.target.dtype == np.uint8
    assert sample.target.max() == 255
    np.testing.assert_array_equal(sample.target > 0, sample.labels > 0)
    assert (sample.verified == 255).all()


def test_empty_fields_teach_that_there_is_nothing(samples):
    sample = made_up_sample(64, scenes(empty=1), samples, np.random.default_rng(0))
    assert sample.target.max() == 0
    assert sample.image.std() > 0


def test_real_label_maps_are_shown_in_another_light(samples):
    config = scenes(empty=0, real_labels=1)
    sample = made_up_sample(64, config, samples, np.random.default_rng(0))
    parts = {
        (real.labels[top : top + 80, left : left + 80] > 0).tobytes()
        for real in samples
        for top in range(real.labels.shape[0] - 79)
        for left in range(real.labels.shape[1] - 79)
    }
    assert (sample.labels > 0).tobytes() in parts


def test_a_share_of_the_crops_is_made_up(samples, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "dinocell_training.scratch.batches.made_up_sample",
        lambda size, config, real, rng: drawn.append(size) or real[0],
    )
    config = small_config(
        scenes=SceneConfig(share=0.5), epochs=10, steps_per_epoch=10, batch_size=4
    )
    assert sum(1 for _ in draw_batches(samples, config, CPU, first_step=0)) == 100
    assert 150 < len(drawn) < 250


def test_a_batch_depends_on_its_step_alone(samples):
    config = scenes()
    second = [*draw_batches(samples, config, CPU, first_step=0)][1]
    (resumed, *_) = draw_batches(samples, config, CPU, first_step=1)
    for part, again in zip(second, resumed, strict=True):
        assert torch.equal(part, again)


def test_a_recipe_names_the_shares():
    config = TrainConfig.from_dict({"scenes": {"share": 0.5, "empty": 0.1}})
    assert config.scenes == SceneConfig(share=0.5, empty=0.1)
    assert TrainConfig.from_dict(config.to_dict()) == config
