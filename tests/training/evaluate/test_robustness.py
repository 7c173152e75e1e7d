"""Disturbances do what they say, and their scores are collected."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.training.conftest import draw_cells

from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.source import SourceConfig
from dinocell_training.evaluate import disturbances as faults
from dinocell_training.evaluate.disturbances import DISTURBANCES, LabelledImage
from dinocell_training.evaluate.robustness import (
    DisturbedScore,
    choose_evenly,
    curves,
    measure_robustness,
)
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.inference.events import DistanceMapReady

SOURCES = (SourceConfig(name="discs"),)
BY_NAME = {kind.name: kind for kind in DISTURBANCES}


def sample_of(image: np.ndarray, **changes) -> LabelledImage:
    labels = draw_cells(0, image.shape[:2])[1]
    return replace(LabelledImage(image, labels, 14.0, 10, seed=1), **changes)


@pytest.fixture(params=["grey", "RGB", "16 bit"])
def sample(request) -> LabelledImage:
    image = draw_cells(0)[0]
    if request.param == "RGB":
        return sample_of(np.stack([image, image // 2, 255 - image], axis=-1))
    return sample_of(image if request.param == "grey" else image.astype(np.uint16) * 50)


@pytest.mark.parametrize("kind", DISTURBANCES, ids=lambda kind: kind.name)
def test_every_strength_but_the_harmless_one_changes_the_image(sample, kind):
    assert kind.harmless in kind.strengths
    before = sample.image.copy()
    for strength in kind.strengths:
        if strength == kind.harmless:
            continue
        found = kind.apply(sample, strength)
        assert found.image.ndim == before.ndim
        assert np.isfinite(found.image).all()
        assert found.image.shape[:2] == found.labels.shape
        changed = found.image.shape != before.shape or np.any(found.image != before)
        # 256 levels are all that an 8-bit image has
        assert changed or (kind.name, strength) == ("grey levels", 256)
    assert np.array_equal(sample.image, before)


def test_blur_is_measured_in_cell_diameters():
    image = np.zeros((101, 101), np.float32)
    image[50, 50] = 1
    blurred = faults.blur(sample_of(image, diameter=40.0), 0.1).image
    across = blurred.sum(axis=0)
    sigma = np.sqrt(np.sum(across * (np.arange(101) - 50.0) ** 2))
    assert sigma == pytest.approx(4, rel=0.03)


def test_noise_has_its_share_of_the_contrast_and_repeats():
    image = np.zeros((200, 200), np.uint16)
    image[:, 100:] = 1000
    noisy = sample_of(image, labels=np.zeros((200, 200), np.int32))
    change = faults.add_noise(noisy, 0.1).image - image
    assert change.std() == pytest.approx(100, rel=0.02)
    assert change.mean() == pytest.approx(0, abs=2)
    assert np.array_equal(faults.add_noise(noisy, 0.1).image - image, change)


def test_noise_is_grey_in_colour_images(sample):
    if sample.image.ndim == 3:
        change = faults.add_noise(sample, 0.1).image - sample.image
        assert np.allclose(change[..., 0], change[..., 2], atol=1e-3)


def test_gamma_keeps_both_ends_and_lifts_the_middle():
    image = np.linspace(100, 300, 64 * 64, dtype=np.float32).reshape(64, 64)
    lifted = faults.change_gamma(sample_of(image), 0.5).image
    assert (lifted.min(), lifted.max()) == pytest.approx((100, 300), abs=0.1)
    assert np.median(lifted) == pytest.approx(100 + 200 * 0.5**0.5, abs=1)


@pytest.mark.parametrize("factor", [0.5, 2])
def test_scale_takes_labels_border_and_diameter_along(sample, factor):
    found = faults.rescale(sample, factor)
    assert found.labels.shape == (80 * factor, 96 * factor)
    assert (found.diameter, found.ignore_border) == (14 * factor, 10 * factor)
    assert set(np.unique(found.labels)) == set(np.unique(sample.labels))
    areas = np.count_nonzero(found.labels) / np.count_nonzero(sample.labels)
    assert areas == pytest.approx(factor**2, rel=0.1)


@pytest.mark.parametrize("levels", [4, 16])
def test_grey_levels_are_as_few_as_asked_for(levels):
    image = np.linspace(3, 900, 64 * 64, dtype=np.float32).reshape(64, 64)
    found = faults.reduce_levels(sample_of(image), levels).image
    assert np.unique(found).size == levels
    assert np.abs(found - image).max() <= 897 / (levels - 1) / 2 + 0.01


def test_inverting_twice_is_nothing(sample):
    once = faults.invert(sample, 1)
    assert np.corrcoef(once.image.ravel(), sample.image.ravel())[0, 1] < -0.99
    assert np.allclose(faults.invert(once, 1).image, sample.image, atol=0.01)


def test_chosen_images_are_spread_over_each_source(pair_folder):
    sources = (
        SourceConfig(name="most", pattern="cells[0-4]*"),
        SourceConfig(name="last"),
    )
    pairs = find_pairs(pair_folder, sources)
    chosen = [pair.image.stem for pair in choose_evenly(pairs, 3)]
    assert chosen == ["cells0", "cells2", "cells4", "cells5"]
    with pytest.raises(SettingsError, match="at least 1"):
        choose_evenly(pairs, 0)


class BrightSegmenter:
    """Cells are what is brighter than 100: at home in any size, lost if inverted."""

    def __init__(self):
        self.images = []

    def default_config(self):
        return SegmentConfig()

    def steps(self, image, config):
        self.images.append(image)
        smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1)
        cells = (smooth > 100).astype(np.uint8)
        distance = cv2.distanceTransform(cells, cv2.DIST_L2, 5)
        height = (distance / max(distance.max(), 1)) ** 0.5
        yield DistanceMapReady(height.clip(0, 1), 0.1, "cpu", "float32")


@pytest.fixture
def measured(pair_folder):
    segmenter = BrightSegmenter()
    pairs = find_pairs(pair_folder, SOURCES)[:2]
    images = list(measure_robustness(pairs, segmenter))
    return segmenter, images


def test_all_strengths_are_scored_and_the_plain_image_runs_once(measured):
    segmenter, images = measured
    strengths = sum(len(kind.strengths) for kind in DISTURBANCES)
    assert [len(scores) for scores in images] == [strengths, strengths]
    runs = strengths - len(DISTURBANCES) + 1
    assert len(segmenter.images) == 2 * runs
    assert sum(image.dtype == np.uint8 for image in segmenter.images) == 2


def test_scores_tell_harmful_from_harmless(measured):
    scores = [score for image in measured[1] for score in image]
    found = {curve.disturbance: curve for curve in curves(scores)}
    assert list(found) == [kind.name for kind in DISTURBANCES]
    untouched = {
        curve.ap50[curve.strengths.index(BY_NAME[name].harmless)]
        for name, curve in found.items()
    }
    assert len(untouched) == 1
    plain = untouched.pop()
    assert plain > 0.5
    assert found["contrast"].ap50 == (plain, 0)
    assert found["scale"].ap50[2] > 0.8 * plain


def test_an_image_without_cells_is_left_out(pair_folder):
    pairs = find_pairs(pair_folder, SOURCES)[:1]
    cv2.imwrite(str(pairs[0].label), np.zeros((80, 96), np.uint16))
    assert list(measure_robustness(pairs, BrightSegmenter())) == [[]]


def test_a_curve_is_the_mean_over_images():
    scores = [
        DisturbedScore(name, "discs", "blur", strength, ap50)
        for name, strength, ap50 in (("a", 1.0, 0.2), ("a", 0, 0.8), ("b", 1.0, 0.6))
    ]
    (curve,) = curves(scores)
    assert curve.images == 2
    assert curve.strengths == (0, 1)
    assert curve.ap50 == pytest.approx((0.8, 0.4))
