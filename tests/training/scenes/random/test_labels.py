"""Label maps of made-up cells: sizes as asked for, each cell in one piece."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.scenes.random.labels.canvas import Canvas
from dinocell_training.scenes.random.labels.kinds import KINDS
from dinocell_training.scenes.random.labels.outlines import tube

SHAPE = (160, 200)
SQUARE = np.array([(10, 10), (10, 30), (30, 30), (30, 10)], float)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@each_kind
def test_the_same_seed_gives_the_same_labels(kind):
    first, again = (kind(np.random.default_rng(3), SHAPE, 24.0) for _ in range(2))
    assert first.dtype == np.int32
    assert first.shape == SHAPE
    np.testing.assert_array_equal(first, again)


@each_kind
def test_cells_are_of_the_size_asked_for_and_numbered(kind):
    sizes, counts = [], []
    for seed in range(4):
        labels = kind(np.random.default_rng(seed), SHAPE, 24.0)
        ids = np.unique(labels[labels > 0])
        np.testing.assert_array_equal(ids, np.arange(1, len(ids) + 1))
        assert label(labels, connectivity=1, background=0).max() == len(ids)
        sizes.append(median_diameter(labels))
        counts.append(len(ids))
    assert 12 < np.median(sizes) < 48
    assert np.median(counts) >= 4


def test_a_cell_that_is_mostly_hidden_is_left_out():
    canvas = Canvas((50, 50))
    assert canvas.add(SQUARE)
    assert not canvas.add(SQUARE + 2)
    assert canvas.add(SQUARE + 18, overlap=0.05)
    assert not canvas.add(SQUARE + 100)
    assert canvas.finished().max() == 2
    assert canvas.taken(20, 20)
    assert not canvas.taken(5, 5)


def test_a_rod_is_as_wide_as_asked_for():
    spine = np.column_stack([np.linspace(20, 60, 10), np.full(10, 25.0)])
    canvas = Canvas((50, 80))
    canvas.add(tube(spine, 12.0))
    labels = canvas.finished()
    assert labels[:, 40].sum() == pytest.approx(12, abs=1.5)
    assert labels[25].sum() == pytest.approx(40 + 12, abs=2)
