"""Classical methods on pictures with known truth: they must be worth comparing with."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.evaluate.baselines import (
    BASELINES,
    cells_are_bright,
    local_log_watershed,
    otsu_watershed,
    texture_watershed,
)
from dinocell_training.scenes import fluorescent_nuclei
from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.metrics import average_precision

STAINED = [otsu_watershed, local_log_watershed]
GAP = 5
"""Pixels between nuclei that count as well separated."""


@pytest.fixture(scope="module")
def easy_nuclei() -> tuple:
    """A synthetic scene without nuclei that are crowded, faint or dividing."""
    scene = fluorescent_nuclei(shape=(320, 320), seed=5)
    image, labels = scene.image.astype(np.float32), scene.labels.copy()
    background = np.median(image[labels == 0])
    ids = np.unique(labels)[1:]
    light = ndimage.mean(image, labels, ids) - background
    typical = np.median(light)
    around = np.ones((2 * GAP + 1, 2 * GAP + 1), np.uint8)
    for cell, own in zip(ids, light, strict=True):
        near = cv2.dilate((scene.labels == cell).astype(np.uint8), around) > 0
        crowded = np.any((scene.labels[near] != cell) & (scene.labels[near] > 0))
        if crowded or not 0.6 < own / typical < 1.7:
            image[near] = background
            labels[labels == cell] = 0
    assert np.unique(labels).size > 6
    plane = adjust_contrast(image, ContrastConfig(clahe=False)).image
    return plane, labels, median_diameter(labels)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("baseline", STAINED)
def test_separate_nuclei_are_found_bright_or_dark(easy_nuclei, baseline, inverted):
    image, labels, diameter = easy_nuclei
    found = baseline(1 - image if inverted else image, diameter)
    assert average_precision(labels, found, (0.5,))[0] > 0.9


@pytest.mark.parametrize("baseline", STAINED)
def test_touching_discs_are_cut_apart(baseline):
    image = np.zeros((60, 90), np.float32)
    cv2.circle(image, (30, 30), 14, 1.0, -1)
    cv2.circle(image, (55, 30), 14, 1.0, -1)
    image = cv2.GaussianBlur(image, (0, 0), 2)
    found = baseline(image, 28.0)
    assert found[30, 28] != found[30, 57]
    assert set(np.unique(found)) == {0, 1, 2}


def test_polarity_is_right_where_cells_cover_half_of_the_image():
    """Chance contacts leave gaps of all sizes, unlike a grid's, which are blobs too."""
    rng = np.random.default_rng(0)
    image = np.ones((200, 200), np.float32)
    for x, y in rng.integers(0, 200, (90, 2)).tolist():
        cv2.circle(image, (x, y), 10, 0.2, -1)
    assert (image < 0.5).mean() > 0.5
    assert not cells_are_bright(image, 20.0)
    assert cells_are_bright(1 - image, 20.0)


def test_texture_shows_cells_no_brighter_than_their_surroundings():
    rng = np.random.default_rng(0)
    labels = np.zeros((160, 160), np.uint8)
    for cell, (x, y) in enumerate(((40, 40), (120, 50), (70, 120)), start=1):
        cv2.circle(labels, (x, y), 20, cell, -1)
    grain = rng.normal(0, np.where(labels > 0, 0.15, 0.01))
    image = (0.5 + grain).astype(np.float32)
    scores = {
        method: average_precision(labels, method(image, 40.0), (0.5,))[0]
        for method in BASELINES.values()
    }
    assert scores[texture_watershed] == 1
    assert scores[otsu_watershed] < 0.5


@pytest.mark.parametrize("baseline", BASELINES.values(), ids=BASELINES.keys())
def test_a_plane_of_one_value_has_no_cells(baseline):
    found = baseline(np.full((40, 50), 0.5, np.float32), 10.0)
    assert found.shape == (40, 50)
    assert found.dtype == np.int32
    assert not found.any()


@pytest.mark.parametrize("baseline", STAINED)
def test_bright_cells_do_not_hide_dimmer_ones(baseline):
    """Cells a few times brighter than others: a single Otsu step finds 10 of 20."""
    rng = np.random.default_rng(2)
    light = rng.normal(20, 2, (160, 200)).astype(np.float32)
    brightness = iter(100 * np.exp(rng.normal(0, 0.6, 20)))
    for x in range(20, 200, 40):
        for y in range(20, 160, 40):
            cv2.circle(light, (x, y), 12, 20 + next(brightness), -1)
    found = baseline(np.clip(light / light.max(), 0, 1), 24.0)
    assert np.unique(found).size - 1 >= 16


@pytest.mark.parametrize("baseline", STAINED)
def test_specks_are_no_cells(baseline):
    image = np.zeros((80, 80), np.float32)
    cv2.circle(image, (40, 40), 12, 1.0, -1)
    image[5:7, 5:7] = 1
    found = baseline(image, 24.0)
    assert found[40, 40] > 0
    assert not found[:10, :10].any()
