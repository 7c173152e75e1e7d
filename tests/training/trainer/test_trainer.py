"""Steps of the trainer: whose rate is which, and what is left as it was."""

from __future__ import annotations

import copy
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import torch
from torch import nn

from dinocell_training.trainer.resume import MAY_CHANGE, changed_settings
from dinocell_training.trainer.trainer import (
    Trainer,
    by_decay,
    require_number,
    tried_convolutions,
)
from napari_dinocell.engine.errors import TrainingFailedError


@dataclass(frozen=True)
class Settings:
    warmup_steps: int = 2
    decay_share: float = 0.5
    gradient_clip: float = 1.0
    device: str = field(default="auto", metadata=MAY_CHANGE)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def test_vectors_are_not_decayed(model):
    vectors, matrices = by_decay(model.parameters(), rate=0.1, weight_decay=0.05)
    assert vectors.parameters == [model.bias]
    assert vectors.weight_decay == 0
    assert matrices.parameters == [model.weight]
    assert matrices.weight_decay == 0.05


def test_each_group_follows_the_schedule_from_its_own_rate(model):
    fast = by_decay([model.weight], rate=0.1, weight_decay=0)
    slow = by_decay([model.bias], rate=0.01, weight_decay=0)
    trainer = Trainer(model, [*fast, *slow], Settings(), total_steps=8)
    factor = trainer.step(0, model(torch.ones(1, 3)).sum())
    assert factor == 0.5
    rates = [group["lr"] for group in trainer.optimizer.param_groups]
    assert rates == pytest.approx([0.05, 0.005])


def test_a_step_goes_down_the_gradient(model):
    groups = by_decay(model.parameters(), rate=0.01, weight_decay=0)
    trainer = Trainer(model, groups, Settings(), total_steps=8)
    before = model(torch.ones(1, 3)).sum()
    trainer.step(4, before)
    assert model(torch.ones(1, 3)).sum() < before


def test_convolutions_are_only_tried_inside():
    before = torch.backends.cudnn.benchmark
    with suppress(KeyError), tried_convolutions():
        assert torch.backends.cudnn.benchmark
        raise KeyError
    assert torch.backends.cudnn.benchmark is before


def test_a_loss_that_is_no_number_is_refused():
    require_number(0.5, epoch=1, kept="", learning_rate=0.1)
    with pytest.raises(TrainingFailedError, match=r"inf in epoch 3\. All is kept\."):
        require_number(float("inf"), epoch=3, kept="All is kept.", learning_rate=0.1)


def test_only_settings_that_must_not_change_are_named():
    now = Settings(warmup_steps=3, device="cpu", decay_share=0.1)
    assert changed_settings(now, Settings()) == ["decay_share", "warmup_steps"]


def test_a_batch_in_parts_steps_like_the_whole(model):
    """Weights after the sum of two losses are those after the two, one by one."""
    images, wanted = torch.randn(6, 3), torch.randn(6, 2)
    whole, parted = model, copy.deepcopy(model)

    def loss(net, chosen):
        return (net(images[chosen]) - wanted[chosen]).square().sum() / 6

    for net, parts in ((whole, [slice(6)]), (parted, [slice(4), slice(4, 6)])):
        groups = by_decay(net.parameters(), rate=0.1, weight_decay=0.05)
        trainer = Trainer(net, groups, Settings(), total_steps=4)
        for step in range(3):
            trainer.step_in_parts(step, (loss(net, part) for part in parts))
    torch.testing.assert_close(parted.weight, whole.weight)
