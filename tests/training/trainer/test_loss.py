"""Losses: zero for a perfect map, blind to unverified pixels."""

import pytest
import torch

from dinocell_training.trainer.loss import distance_loss

KINDS = ["mse", "bce"]


def _example(seed=0):
    torch.manual_seed(seed)
    target = torch.rand(2, 1, 8, 8)
    target[0] = 0
    return torch.randn(2, 1, 8, 8), target, torch.ones(2, 1, 8, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_perfect_map_costs_nothing(kind):
    _, target, verified = _example()
    logits = torch.logit(target.clamp(1e-6, 1 - 1e-6))
    loss = distance_loss(logits, target, verified, kind=kind)
    assert loss.item() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_map_costs_more(kind):
    logits, target, verified = _example()
    assert distance_loss(logits, target, verified, kind=kind).item() > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_unverified_pixels_change_neither_loss_nor_gradient(kind):
    logits, target, verified = _example()
    verified[:, :, :4] = 0
    wrong = target.clone()
    wrong[:, :, :4] = 1 - wrong[:, :, :4]
    results = []
    for truth in (target, wrong):
        leaf = logits.clone().requires_grad_()
        loss = distance_loss(leaf, truth, verified, kind=kind)
        loss.backward()
        results.append((loss.item(), leaf.grad))
    assert results[0][0] == results[1][0]
    torch.testing.assert_close(results[0][1], results[1][1])
    assert torch.all(results[0][1][:, :, :4] == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_verified_costs_nothing(kind):
    logits, target, verified = _example()
    loss = distance_loss(logits, target, torch.zeros_like(verified), kind=kind)
    assert loss.item() == 0


def test_cross_entropy_keeps_its_gradient_where_the_sigmoid_saturates():
    """Why the default recipe uses it."""
    gradients = {}
    for kind in KINDS:
        leaf = torch.full((1, 1, 2, 2), -12.0, requires_grad=True)
        distance_loss(
            leaf, torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), kind=kind
        ).backward()
        gradients[kind] = leaf.grad.abs().sum().item()
    assert gradients["bce"] > 1000 * gradients["mse"]
