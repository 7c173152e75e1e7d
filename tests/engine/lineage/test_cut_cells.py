"""Cells that the border of the image cuts are found from the distance map."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_dinocell import track
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.lineage.cut_cells import SUMMIT, add_cut_cells

SHAPE = 40, 60


def disc_map(y: float, x: float, radius: float = 9) -> np.ndarray:
    """Distance map of a disc: 1 at its centre, which may lie outside."""
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - y, columns - x)
    return np.clip(1 - away / radius, 0, 1).astype(np.float32)


def found_in(distance_map: np.ndarray) -> np.ndarray:
    """What a seed threshold of 0.5 finds, with ids that begin at 5."""
    cells, count = ndimage.label(distance_map > 0.07)
    heights = ndimage.maximum(distance_map, cells, np.arange(count + 1))
    cells[np.isin(cells, np.flatnonzero(np.asarray(heights) < 0.5))] = 0
    return np.where(cells > 0, cells + 4, 0)


@pytest.mark.parametrize(
    ("y", "x"),
    [(-5, 30), (44, 30), (20, -5), (20, 64)],
    ids=["top", "bottom", "left", "right"],
)
def test_a_cell_whose_middle_lies_outside_is_added(y, x):
    rest, inner = disc_map(y, x), disc_map(20, 30)
    labels = found_in(np.maximum(rest, inner))
    assert labels[rest > 0].max() == 0  # the seed threshold does not find it
    added = add_cut_cells(labels, np.maximum(rest, inner))
    np.testing.assert_array_equal(added[labels > 0], labels[labels > 0])
    np.testing.assert_array_equal((added > 0) & (labels == 0), rest > 0.07)
    assert np.unique(added[rest > 0.07]).tolist() == [labels.max() + 1]
    assert added.dtype == np.int32


def test_two_cells_get_ids_of_their_own():
    distances = np.maximum(disc_map(-5, 15), disc_map(-5, 45))
    added = add_cut_cells(np.zeros(SHAPE, np.uint8), distances)
    assert added[0, 15] != added[0, 45]
    assert np.unique(added).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "distances",
    [
        0.45 * disc_map(20, 30),  # a low summit inside
        0.45 * disc_map(4, 30),  # one that reaches the border, with its summit inside
        0.95 * SUMMIT * disc_map(0, 30),  # too low at the border, too
    ],
    ids=["inside", "reaches out", "too low"],
)
def test_nothing_else_is_added(distances):
    labels = np.zeros(SHAPE, np.int32)
    assert not add_cut_cells(labels, distances).any()


def test_the_rim_of_a_cell_is_none():
    distances = disc_map(0, 30)
    labels = (distances > 0.5).astype(np.int32)
    np.testing.assert_array_equal(add_cut_cells(labels, distances), labels)


def test_a_cell_that_leaves_is_followed_to_the_end():
    maps = np.stack([disc_map(y, 30) for y in (4, 1, -2, -5)])
    labels = np.stack([found_in(page) for page in maps])
    given = labels.copy()
    assert [page.any() for page in labels] == [True, True, True, False]
    [cell] = track(labels, maps=maps).lineage.tracks
    assert (cell.first, cell.last) == (0, 3)
    [cell] = track(labels).lineage.tracks
    assert (cell.first, cell.last) == (0, 2)
    np.testing.assert_array_equal(labels, given)


@pytest.mark.parametrize(
    ("maps", "options", "said"),
    [
        (np.zeros((2, *SHAPE)), {"link": False}, "link=False"),
        (np.zeros((3, *SHAPE)), {}, "per frame, 2"),
        (np.zeros((2, 40, 50)), {}, "same frames"),
    ],
    ids=["linked", "too many", "another shape"],
)
def test_maps_of_others_are_refused(maps, options, said):
    with pytest.raises(ImageError, match=said):
        track(np.zeros((2, *SHAPE), int), maps=maps, **options)
