"""Views and masks: sizes, shares, and which channels they show."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_training.pretrain.config import ViewConfig
from dinocell_training.pretrain.masks import random_mask
from dinocell_training.pretrain.views import random_views

PLAIN = {
    "gamma": (1.0, 1.0),
    "contrast": (1.0, 1.0),
    "brightness": 0.0,
    "noise": 0.0,
    "invert": 0.0,
}


def test_sizes_are_those_of_the_settings():
    rng = np.random.default_rng(0)
    channel = rng.integers(0, 256, (90, 40), np.uint8)  # narrower than a large view
    views = random_views([channel], ViewConfig(large=64, small=32, small_count=3), rng)
    assert views.large.shape == (2, 64, 64)
    assert views.small.shape == (3, 32, 32)
    assert views.large.std() > 10
    without = random_views([channel], ViewConfig(small_count=0), rng)
    assert without.small.shape == (0, 64, 64)


@pytest.mark.parametrize(
    ("across", "shows"),
    [
        (1.0, {50, 200}),
        (
            0.0,
            {50},
        ),
    ],
)
def test_large_views_show_two_channels_as_often_as_asked_for(across, shows):
    config = ViewConfig(large=32, small=16, across=across, **PLAIN)
    channels = [np.full((64, 64), level, np.uint8) for level in (50, 200)]
    for seed in range(8):
        views = random_views(channels, config, np.random.default_rng(seed))
        seen = {int(v) for v in np.unique(views.large)}
        assert len(seen) == len(shows)
        assert seen <= {50, 200}


def test_hidden_shares_are_those_of_the_settings():
    rng = np.random.default_rng(0)
    config = ViewConfig(masked=1.0, masked_share=(0.2, 0.4))
    shares = [random_mask(8, config, rng).mean() for _ in range(200)]
    assert min(shares) >= 0.19
    assert max(shares) <= 0.41
    assert np.mean(shares) == pytest.approx(0.3, abs=0.02)
    often = [random_mask(8, ViewConfig(masked=0.3), rng).any() for _ in range(400)]
    assert np.mean(often) == pytest.approx(0.3, abs=0.08)


def test_a_view_of_one_patch_can_be_masked():
    mask = random_mask(1, ViewConfig(masked=1.0), np.random.default_rng(0))
    assert mask.tolist() == [[True]]
