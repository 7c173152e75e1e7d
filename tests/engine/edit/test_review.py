"""Doubtful cells come first, and for the right reason."""

from __future__ import annotations

import numpy as np
from tests.engine.drawings.label_planes import disk

from napari_dinocell.engine.edit.review import find_doubtful

SHAPE = (120, 120)


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Sixteen round cells, each with a peak of 1."""
    labels, distance = np.zeros(SHAPE, np.int32), np.zeros(SHAPE, np.float32)
    for number in range(16):
        y, x = 15 + 30 * (number // 4), 15 + 30 * (number % 4)
        cell = disk(SHAPE, (y, x), 8 + number % 2)
        labels[cell], distance[cell] = number + 1, 0.5
        distance[y, x] = 1
    return labels, distance


def test_a_plain_plane_raises_no_doubt() -> None:
    labels, distance = grid()
    assert find_doubtful(labels, distance=distance) == []
    assert find_doubtful(np.zeros(SHAPE, np.int32)) == []


def test_low_peaks_come_first_the_lowest_of_all() -> None:
    labels, distance = grid()
    distance[labels == 5] *= 0.3
    distance[labels == 9] *= 0.55
    doubts = find_doubtful(labels, distance=distance)
    assert [(d.cell, d.reasons) for d in doubts] == [
        (5, ("low peak",)),
        (9, ("low peak",)),
    ]
    assert doubts[0].box == (slice(37, 54), slice(7, 24))


def test_unusual_size_and_shape_are_named() -> None:
    labels, _ = grid()
    labels[labels == 3] = 0
    labels[15, 75] = 3  # a single pixel
    labels[disk(SHAPE, (45, 45), 6)] = 0  # cell 6 becomes a ring with a gap
    labels[40:50, 36:46][labels[40:50, 36:46] == 6] = 0
    doubts = {d.cell: d.reasons for d in find_doubtful(labels)}
    assert "unusual size" in doubts[3]
    assert "unusual shape" in doubts[6]
    assert set(doubts) <= {3, 6}


def test_only_borders_inside_the_image_count() -> None:
    labels = np.zeros(SHAPE, np.int32)
    labels[:10, :10] = 1
    labels[50:60, 40:60] = 2
    region = (slice(0, 60), slice(0, 120))
    doubts = find_doubtful(labels, region=region)
    assert [(d.cell, d.reasons) for d in doubts] == [(2, ("cut off by the border",))]
    assert find_doubtful(labels) == []
