"""Cells of one image on the ground of another: whole, and never on top of others."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from tests.training.conftest import small_config

from dinocell_training.data.source import SourceConfig
from dinocell_training.data.targets import distance_target
from dinocell_training.scratch.batches import draw_batches
from dinocell_training.scratch.config import AugmentConfig
from dinocell_training.scratch.crops import random_crop
from dinocell_training.scratch.samples import Sample

STILL = AugmentConfig(
    scale=(1.0, 1.0),
    stretch=0.0,
    gamma=(1.0, 1.0),
    brightness=0.0,
    contrast=(1.0, 1.0),
    illumination=0.0,
    invert=0.0,
    noise=0.0,
    blur=0.31,
    without_clahe=0.0,
)
"""Turned and mirrored, nothing else."""


def _sample(*centres: tuple[int, int], level: int, side: int = 128) -> Sample:
    """Discs 60 brighter than the ground."""
    labels = np.zeros((side, side), np.int32)
    for cell, centre in enumerate(centres, start=1):
        cv2.circle(labels, centre, 9, cell, -1)
    image = (level + 60 * (labels > 0)).astype(np.uint8)
    return Sample(
        image=image,
        plain=image,
        target=np.rint(distance_target(labels) * 255).astype(np.uint8),
        verified=np.full(labels.shape, 255, np.uint8),
        labels=labels,
        ignore_border=0,
        name="x",
        source=SourceConfig(name="s"),
    )


def _grid(level: int) -> Sample:
    places = range(16, 128, 24)
    return _sample(*((x, y) for x in places for y in places), level=level)


def _pair(sample: Sample, donor: Sample, seed: int):
    """A crop without and with what the donor gives."""
    plain = random_crop(sample, 128, STILL, np.random.default_rng(seed))
    pasted = random_crop(sample, 128, STILL, np.random.default_rng(seed), donor=donor)
    return plain, pasted


@pytest.mark.parametrize("seed", range(4))
def test_cells_are_pasted_whole_and_keep_their_target(seed):
    _, pasted = _pair(_sample(level=40), _grid(level=40), seed)
    count, pieces = cv2.connectedComponents((pasted.target > 0).astype(np.uint8))
    assert count > 5
    summits = [pasted.target[pieces == piece].max() for piece in range(1, count)]
    inner = [
        summit
        for piece, summit in enumerate(summits, start=1)
        if not _touches_border(pieces == piece)
    ]
    assert min(inner) > 0.8
    inside = pasted.target > 0.3
    assert pasted.image[inside].mean() == pytest.approx(100 / 255, abs=0.02)


def _touches_border(mask) -> bool:
    return bool(np.concatenate([mask[[0, -1]].ravel(), mask[:, [0, -1]].ravel()]).any())


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_was_there_is_covered(seed):
    plain, pasted = _pair(_grid(level=40), _grid(level=40), seed)
    there = plain.target > 0
    np.testing.assert_array_equal(pasted.target[there], plain.target[there])
    np.testing.assert_allclose(pasted.image[there], plain.image[there], atol=0.02)


def test_the_ground_keeps_its_level():
    """A donor of another brightness leaves no patch around its cells."""
    plain, pasted = _pair(_sample(level=40), _grid(level=140), 0)
    cells = (pasted.target > 0).astype(np.uint8)
    between = cv2.dilate(cells, np.ones((5, 5), np.uint8)) == 0
    assert (pasted.target > 0).any()
    np.testing.assert_allclose(pasted.image[between], plain.image[between], atol=0.02)


def test_cells_that_nobody_vouches_for_are_not_pasted():
    donor = replace(_grid(level=40), verified=np.zeros((128, 128), np.uint8))
    _, pasted = _pair(_sample(level=40), donor, 0)
    assert not pasted.target.any()


def _targets(share: float):
    """Of the batches of a run on an empty image and one that is full of cells."""
    samples = [_sample(level=40), _grid(level=60)]
    config = small_config(
        batch_size=8, epochs=3, augment=replace(STILL, copy_paste=share)
    )
    batches = draw_batches(samples, config, torch.device("cpu"), first_step=0)
    return [float((batch[1] > 0).float().mean()) for batch in batches]


def test_a_recipe_says_how_often():
    assert sum(_targets(1.0)) > 1.1 * sum(_targets(0.0))
