"""Whole pictures: seeds, empty fields, faults, settings."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_training.scenes.random.cells import Cells
from dinocell_training.scenes.random.faults.dirt import dirt
from dinocell_training.scenes.random.faults.lens import blurred
from dinocell_training.scenes.random.faults.sensor import exposed, hot_pixels
from dinocell_training.scenes.random.recipe import (
    SceneConfig,
    random_labels,
    render,
)
from napari_dinocell.engine.errors import SettingsError

SHAPE = (128, 144)


def picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return render(rng, Cells.of(random_labels(rng, SHAPE, 24.0)))


def test_the_same_seed_gives_the_same_picture():
    for seed in range(6):
        np.testing.assert_array_equal(picture(seed), picture(seed))
    assert not np.array_equal(picture(0)[..., :1], picture(1)[..., :1])


def test_pictures_are_grey_or_in_colour_and_never_flat():
    pictures = [picture(seed) for seed in range(40)]
    assert {image.ndim for image in pictures} == {2, 3}
    for image in pictures:
        assert image.dtype == np.uint8
        assert image.shape[:2] == SHAPE
        assert image.std() > 1


def test_a_field_without_cells_still_shows_something():
    nothing = Cells.of(np.zeros(SHAPE, np.int32))
    for seed in range(10):
        image = render(np.random.default_rng(seed), nothing)
        assert image.std() > 0
    assert nothing.relative.max() == 0


def test_one_photon_is_counted_as_one():
    image = np.full(SHAPE, 0.8, np.float32)
    counts = exposed(np.random.default_rng(0), image, 1.0)
    assert counts.mean() == pytest.approx(0.8, abs=0.05)
    assert counts.std() == pytest.approx(np.sqrt(0.8), abs=0.1)
    many = exposed(np.random.default_rng(0), image, 4000.0)
    assert many.std() < 0.02


def test_hot_pixels_are_few():
    image = np.full(SHAPE, 0.5, np.float32)
    hot_pixels(np.random.default_rng(0), image)
    assert 0 < np.count_nonzero(image != 0.5) <= image.size // 1000


def test_dirt_is_sparse():
    covered = [
        (np.abs(dirt(np.random.default_rng(seed), SHAPE, 3.0)) > 0.2).mean()
        for seed in range(20)
    ]
    assert 0 < np.mean(covered) < 0.1


def test_blur_keeps_the_light():
    image = np.random.default_rng(0).random((*SHAPE, 3), np.float32)
    for seed in range(9):
        soft = blurred(np.random.default_rng(seed), image, 3.0)
        assert soft.shape == image.shape
        assert soft.mean() == pytest.approx(image.mean(), abs=0.01)
        assert soft.std() < image.std()


def test_shares_lie_between_nothing_and_all():
    with pytest.raises(SettingsError, match="share from 0 to 1"):
        SceneConfig(share=1.5)
