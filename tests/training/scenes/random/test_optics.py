"""What cells look like by each principle of a microscope."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dinocell_training.scenes.random.cells import Cells
from dinocell_training.scenes.random.optics.fluorescence import filled, membrane
from dinocell_training.scenes.random.optics.stain import stained
from dinocell_training.scenes.random.optics.transmitted import dic
from dinocell_training.scenes.random.recipe import OPTICS, OPTICS_SHARES


@pytest.fixture
def cells() -> Cells:
    labels = np.zeros((96, 128), np.int32)
    for number, x in enumerate((30, 95), start=1):
        cv2.circle(labels, (x, 48), 22, number, -1)
    return Cells.of(labels)


def test_depths_are_those_of_each_cell(cells):
    assert cells.relative.max(where=cells.labels == 2, initial=0) == 1
    assert cells.relative[cells.labels == 0].max() == 0
    assert cells.radius == pytest.approx(22, abs=1.5)


@pytest.mark.parametrize("optics", OPTICS, ids=lambda optics: optics.__name__)
def test_every_principle_shows_the_cells(optics, cells):
    for seed in range(3):
        image = optics(np.random.default_rng(seed), cells)
        assert image.dtype == np.float32
        assert image.shape[:2] == cells.shape
        assert np.isfinite(image).all()
        gray = image.mean(axis=2) if image.ndim == 3 else image
        edges = np.abs(np.gradient(cv2.GaussianBlur(gray, (0, 0), 1.5))).sum(axis=0)
        near = (cells.inside < 4) & cells.mask
        far = cv2.dilate(cells.mask.astype(np.uint8), np.ones((25, 25))) == 0
        assert edges[near].mean() > edges[far].mean()


def test_shares_are_of_all_pictures():
    assert len(OPTICS_SHARES) == len(OPTICS)
    assert sum(OPTICS_SHARES) == pytest.approx(1)


def test_membranes_shine_at_the_border_only(cells):
    light = membrane(np.random.default_rng(0), cells)
    border = (cells.inside > 0) & (cells.inside < 2)
    assert light[border].mean() > 2 * light[cells.inside > 10].mean()


def test_filled_cells_shine_and_stained_ones_are_dark(cells):
    shining = filled(np.random.default_rng(0), cells)
    assert shining[cells.mask].mean() > 10 * shining[~cells.mask].mean()
    dark = stained(np.random.default_rng(0), cells).mean(axis=2)
    assert dark[cells.mask].mean() < dark[~cells.mask].mean()


def test_relief_is_bright_on_one_side_and_dark_on_the_other(cells):
    image = dic(np.random.default_rng(1), cells)
    one = cells.labels == 1
    assert image[one].max() > 0.55
    assert image[one].min() < 0.45
