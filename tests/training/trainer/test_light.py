"""Changes of light that both kinds of training draw."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_training.trainer.light import contrasted, defocused, exposed


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
