"""Collapse is seen, in both its forms, and nowhere else."""

from __future__ import annotations

import pytest
import torch

from dinocell_training.pretrain.spread import measure_spread

SHARP = {"temperature": 0.1}


@pytest.fixture
def features() -> torch.Tensor:
    """Random directions: as different as can be."""
    return torch.randn(200, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def logits() -> torch.Tensor:
    """Each image prefers one of eight prototypes."""
    return torch.eye(8)[torch.arange(200) % 8]


def test_different_features_are_no_collapse(features, logits):
    spread = measure_spread(features, logits, **SHARP)
    assert spread.spread == pytest.approx(1, abs=0.01)
    assert spread.dimensions == pytest.approx(16, abs=0.5)
    assert spread.answers == pytest.approx(8, abs=0.01)
    assert spread.collapse == ""


def test_dimensions_are_those_that_features_fill(features, logits):
    features[:, 3:] = 0
    assert measure_spread(features, logits, **SHARP).dimensions <= 3.01


def test_equal_features_are_a_collapse(features, logits):
    spread = measure_spread(features * 0.001 + 1, logits, **SHARP)
    assert "all images have nearly the same features" in spread.collapse
    assert "sinkhorn" in spread.collapse


def test_one_answer_for_all_is_a_collapse(features, logits):
    spread = measure_spread(features, logits[:1].expand(200, -1), **SHARP)
    assert "the same of all images" in spread.collapse
