"""Random crops: image, target and trust move together."""

from dataclasses import replace

import numpy as np
import pytest

from dinocell_training.data.source import SourceConfig
from dinocell_training.scratch.config import AugmentConfig
from dinocell_training.scratch.crops import random_crop
from dinocell_training.scratch.samples import Sample

QUIET = AugmentConfig(
    gamma=(1.0, 1.0),
    brightness=0.0,
    contrast=(1.0, 1.0),
    illumination=0.0,
    invert=0.0,
    noise=0.0,
    blur=0.31,
    without_clahe=0.0,
)


def _sample(shape=(120, 150), seed=0) -> Sample:
    rng = np.random.default_rng(seed)
    coarse = rng.random((shape[0] // 10, shape[1] // 10))
    image = (np.kron(coarse, np.ones((10, 10))) * 255).astype(np.uint8)
    return Sample(
        image=image,
        plain=255 - image,
        target=image,
        verified=np.full(image.shape, 255, np.uint8),
        labels=np.zeros(image.shape, np.int32),
        ignore_border=0,
        name="x",
        source=SourceConfig(name="s"),
    )


@pytest.mark.parametrize("seed", range(8))
def test_image_and_target_are_warped_alike(seed):
    """With image == target and no change of intensity they must stay equal."""
    crop = random_crop(_sample(), 64, QUIET, np.random.default_rng(seed))
    inside = crop.verified > 0
    assert inside.mean() > 0.5
    difference = np.abs(crop.image - crop.target)[inside]
    assert np.median(difference) < 0.02


@pytest.mark.parametrize("seed", range(8))
def test_values_stay_in_range_under_all_changes(seed):
    rng = np.random.default_rng(seed)
    crop = random_crop(_sample(seed=seed), 96, AugmentConfig(invert=0.5), rng)
    for part in (crop.image, crop.target, crop.verified):
        assert part.shape == (96, 96)
        assert part.dtype == np.float32
        assert part.min() >= 0
        assert part.max() <= 1


@pytest.mark.parametrize("value", [0, 255])
def test_saturated_images_stay_finite(value):
    """A blur overshoots 1 by a rounding error; inverted, it has no power."""
    full = np.full((120, 150), value, np.uint8)
    sample = replace(_sample(), image=full, plain=full)
    rng = np.random.default_rng(0)
    for _ in range(60):
        crop = random_crop(sample, 64, AugmentConfig(invert=0.5), rng)
        assert np.isfinite(crop.image).all()


def test_the_same_seed_gives_the_same_crop():
    first, second = (
        random_crop(_sample(), 64, AugmentConfig(), np.random.default_rng(5))
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.target, second.target)


def test_beyond_a_small_image_nothing_is_verified():
    crop = random_crop(_sample((40, 40)), 128, QUIET, np.random.default_rng(1))
    assert 0 < crop.verified.mean() < 0.5
    assert set(np.unique(crop.verified)) == {0.0, 1.0}


def test_a_large_image_fills_the_crop():
    shares = [
        random_crop(
            _sample((400, 400)), 64, AugmentConfig(), np.random.default_rng(i)
        ).verified.mean()
        for i in range(20)
    ]
    assert np.mean(shares) > 0.95


def test_the_plain_image_is_shown_when_asked():
    config = replace(QUIET, without_clahe=1.0)
    crop = random_crop(_sample(), 64, config, np.random.default_rng(3))
    inside = crop.verified > 0
    assert np.median(np.abs(crop.image + crop.target - 1)[inside]) < 0.02


def _elastic(seed, amount):
    config = replace(QUIET, elastic=amount, scale=(1.0, 1.0), stretch=0.0)
    return random_crop(_sample(), 64, config, np.random.default_rng(seed))


def test_elastic_deformation_bends_half_of_the_crops():
    bent = [
        not np.array_equal(_elastic(seed, 6.0).target, _elastic(seed, 1e-9).target)
        for seed in range(40)
    ]
    assert 0.25 < np.mean(bent) < 0.75


@pytest.mark.parametrize("seed", range(6))
def test_elastic_deformation_bends_image_and_target_alike(seed):
    crop = _elastic(seed, 6.0)
    difference = np.abs(crop.image - crop.target)[crop.verified > 0]
    assert np.median(difference) < 0.02


LIGHT = ("tone", "haze", "texture", "coarse")


def _lit(seed, **changes):
    config = replace(QUIET, scale=(1.0, 1.0), stretch=0.0, **changes)
    return random_crop(_sample(), 64, config, np.random.default_rng(seed))


@pytest.mark.parametrize("change", LIGHT)
def test_light_changes_the_image_but_not_what_is_learnt_from_it(change):
    crop = _lit(4, **{change: 1.0})
    # A chance next to 0 draws as many random numbers up to there as a chance of 1.
    plain = _lit(4, **{change: 1e-9})
    np.testing.assert_array_equal(crop.target, plain.target)
    difference = np.abs(crop.image - plain.image)
    assert 0.005 < difference.mean() < 0.5
    assert crop.image.min() >= 0
    assert crop.image.max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_tone_curve_keeps_the_order_of_intensities(seed):
    crop, plain = _lit(seed, tone=1.0), _lit(seed)
    order = np.argsort(plain.image, axis=None)
    assert np.all(np.diff(crop.image.ravel()[order]) > -1e-5)


def test_haze_takes_contrast_from_edges():
    sharp = np.abs(np.diff(_lit(2).image)).max()
    hazy = [np.abs(np.diff(_lit(seed, haze=1.0).image)).max() for seed in range(20)]
    assert np.mean(hazy) < 0.9 * sharp


def test_grain_makes_neighbours_noisy_alike():
    flat = np.full((120, 150), 128, np.uint8)
    sample = replace(_sample(), image=flat, plain=flat)

    def likeness(grain):
        found = []
        for seed in range(10):
            config = replace(QUIET, noise=0.2, grain=grain)
            image = random_crop(sample, 64, config, np.random.default_rng(seed)).image
            if image.std() > 0.01:
                pairs = image[:, :-1].ravel(), image[:, 1:].ravel()
                found.append(np.corrcoef(*pairs)[0, 1])
        return np.mean(found)

    assert abs(likeness(0.0)) < 0.1
    assert likeness(1.0) > 0.4
