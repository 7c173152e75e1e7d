"""Each part of the objective against its definition, written down plainly."""

from __future__ import annotations

import math

import pytest
import torch

from dinocell_training.pretrain.losses.centring import MOMENTUM, Centre
from dinocell_training.pretrain.losses.distillation import distillation_loss
from dinocell_training.pretrain.losses.koleo import koleo_loss
from dinocell_training.pretrain.losses.masked_patches import masked_patch_loss
from dinocell_training.pretrain.losses.sinkhorn import sinkhorn_targets


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def _entropy(targets, logits, temperature):
    """Cross-entropy of one pair, by the formula."""
    said = torch.exp(logits / temperature)
    said = said / said.sum()
    return -sum(float(t * math.log(s)) for t, s in zip(targets, said, strict=True))


def test_sinkhorn_is_exp_normalised_in_turns():
    logits = torch.rand(6, 4)
    plan = torch.exp(logits.double() / 0.5)
    for _ in range(3):
        plan = plan / plan.sum(0)
        plan = plan / plan.sum(1, keepdim=True)
    targets = sinkhorn_targets(logits, temperature=0.5)
    torch.testing.assert_close(targets.double(), plan)


def test_sinkhorn_uses_all_prototypes_alike():
    """Even where every output prefers the same one, and sharply."""
    logits = 0.1 * torch.rand(64, 8)
    logits[:, 3] += 1.0
    targets = sinkhorn_targets(logits, temperature=0.05, iterations=50)
    torch.testing.assert_close(targets.sum(1), torch.ones(64))
    torch.testing.assert_close(targets.sum(0), torch.full((8,), 8.0), rtol=0.02, atol=0)


def test_the_centre_follows_the_outputs_and_is_taken_off():
    centre = Centre(3)
    logits = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    first = centre.targets(logits, temperature=0.5)
    torch.testing.assert_close(first, (logits / 0.5).softmax(1))
    torch.testing.assert_close(centre.mean, torch.full((3,), 2 * (1 - MOMENTUM)))
    centre.mean.copy_(torch.tensor([1.0, 2.0, 3.0]))
    second = centre.targets(logits[:1], temperature=0.5)
    torch.testing.assert_close(second, torch.full((1, 3), 1 / 3))


def test_distillation_compares_each_view_with_the_others():
    student = torch.rand(4, 2, 5)  # two large views, two small ones
    targets = torch.rand(2, 2, 5).softmax(-1)
    pairs = [(u, v) for u in range(2) for v in range(4) if u != v]
    plain = sum(
        _entropy(targets[u, b], student[v, b], 0.1) / 2
        for u, v in pairs
        for b in range(2)
    )
    loss = distillation_loss(student, targets, temperature=0.1)
    assert float(loss) == pytest.approx(plain / len(pairs), rel=1e-5)


def test_images_count_alike_however_many_patches_are_hidden():
    hidden = torch.tensor(
        [[True, False, False], [False, False, False], [True, True, True]]
    )
    student, targets = torch.rand(4, 5), torch.rand(4, 5).softmax(-1)
    each = [_entropy(t, s, 0.1) for t, s in zip(targets, student, strict=True)]
    loss = masked_patch_loss(student, targets, hidden, temperature=0.1)
    assert float(loss) == pytest.approx((each[0] + sum(each[1:]) / 3) / 2, rel=1e-5)


def test_nothing_hidden_costs_nothing():
    hidden = torch.zeros(2, 3, dtype=torch.bool)
    student = torch.rand(4, 5, requires_grad=True)
    loss = masked_patch_loss(student[:0], torch.rand(0, 5), hidden, temperature=0.1)
    loss.backward()
    assert loss.item() == 0
    assert not student.grad.any()


def test_koleo_is_the_mean_log_distance_to_the_nearest():
    features = torch.randn(7, 3)
    directions = features / features.norm(dim=1, keepdim=True)
    apart = torch.cdist(directions, directions)
    nearest = [min(apart[i, j] for j in range(7) if j != i) for i in range(7)]
    plain = -sum(math.log(d) for d in nearest) / 7
    assert float(koleo_loss(features)) == pytest.approx(plain, rel=1e-4)


def test_koleo_pushes_equal_features_no_harder_than_floats_can():
    features = torch.ones(3, 4, requires_grad=True)
    loss = koleo_loss(features)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(features.grad).all()
