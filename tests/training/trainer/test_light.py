"""Changes of light that both kinds of training draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dinocell_training.trainer.light import (
    LightConfig,
    coarsened,
    contrasted,
    defocused,
    exposed,
    relit,
)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).random((40, 50), np.float32)


def test_exposure_keeps_black_white_and_the_order_between(image):
    lit = exposed(image, (2.0, 2.0), np.random.default_rng(0))
    np.testing.assert_allclose(lit, image**2, atol=1e-6)
    overshoot = np.float32([[-1e-6, 1 + 1e-6]])
    assert np.isfinite(exposed(overshoot, (0.5, 0.5), np.random.default_rng(0))).all()


def test_contrast_is_stretched_around_the_mean(image):
    lit = contrasted(image, (0.5, 0.5), 0.0, np.random.default_rng(0))
    assert lit.mean() == pytest.approx(image.mean(), abs=1e-5)
    assert lit.std() == pytest.approx(image.std() / 2, rel=1e-4)


def test_brightness_is_shifted_by_no_more_than_asked_for(image):
    for seed in range(10):
        lit = contrasted(image, (1.0, 1.0), 0.1, np.random.default_rng(seed))
        assert abs(lit.mean() - image.mean()) <= 0.1 + 1e-5


def test_defocus_blurs(image):
    assert defocused(image, 1.5, np.random.default_rng(0)).std() < image.std()


def test_a_blur_may_act_one_way_only():
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    ratios = []
    for seed in range(20):
        spread = defocused(point, 3.0, np.random.default_rng(seed), one_way=1.0)
        rows, columns = spread.sum(axis=1), spread.sum(axis=0)
        widths = sorted(float(_deviation(profile)) for profile in (rows, columns))
        ratios.append(widths[0] / widths[1])
    assert max(ratios) < 0.75


def _deviation(profile: np.ndarray) -> np.floating:
    places = np.arange(len(profile)) - 20
    return np.sqrt((profile * places**2).sum() / profile.sum())


def test_few_pixels_take_the_finest_detail_and_keep_the_rest(image):
    smooth = np.repeat(np.repeat(image[:5, :5], 10, 0), 10, 1)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        coarse = coarsened(image, rng)
        assert coarse.shape == image.shape
        assert coarse.dtype == np.float32
        assert coarse.std() < 0.9 * image.std()
        assert np.abs(coarsened(smooth, rng) - smooth).mean() < 0.1


def test_a_recipe_from_before_the_younger_changes_sees_what_it_saw():
    """The figures are those of the version before `coarse` and `one_way`."""
    image = np.random.default_rng(0).random((40, 40), np.float32)
    config = LightConfig(illumination=0.25, tone=0.5, haze=0.5, texture=0.5, grain=0.5)
    means = [
        float(relit(image, config, np.random.default_rng(seed)).mean())
        for seed in range(6)
    ]
    before = [0.64508, 0.743417, 0.552734, 0.297504, 0.313091, 0.616829]
    assert means == pytest.approx(before, abs=1e-3)
    coarse = replace(config, coarse=1.0)
    other = relit(image, coarse, np.random.default_rng(0))
    assert other.mean() != pytest.approx(means[0], abs=1e-3)
