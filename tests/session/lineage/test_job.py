"""Lineages are found from labels that are linked frames, and from no others."""

from __future__ import annotations

import numpy as np
import pytest
from tests.session.lineage.movie import dividing_movie

from napari_dinocell.engine.errors import ExportError, ImageError
from napari_dinocell.engine.lineage.tree import tree_rows
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.lineage.book import LineageBook
from napari_dinocell.session.lineage.job import (
    FrameSeen,
    LineageFound,
    find_lineages,
    require_frames,
)


def source(labels: np.ndarray) -> ImageSource:
    return ImageSource(
        data=labels,
        shape=labels.shape,
        plane_axes=tuple(range(labels.ndim - 2)),
        channel_axis=None,
        rgb=False,
        dtype=labels.dtype,
    )


def find(labels: np.ndarray) -> LineageFound:
    *seen, found = find_lineages(source(labels), 1.0, lambda: False)
    assert isinstance(seen[-1], FrameSeen)
    assert isinstance(found, LineageFound)
    return found


@pytest.mark.parametrize("slices", [0, 2], ids=["planes", "volumes"])
def test_the_book_knows_cells_by_their_new_names(slices):
    labels = dividing_movie()
    if slices:
        labels = np.repeat(labels[:, None], slices, axis=1)
    found = find(labels)
    found.observer.rename(found.names)
    book = LineageBook(found.observer, found.parents)
    rows = [(t.first, t.last, t.parent) for t in book.lineage.tracks]
    assert sorted(rows) == [(0, 2, 0), (0, 5, 0), (3, 5, 1), (3, 5, 1)]
    assert len(found.fingerprints) == 6 * max(slices, 1)


def test_a_tree_has_its_families_first_and_mothers_in_the_middle():
    found = find(dividing_movie())
    found.observer.rename(found.names)
    lineage = LineageBook(found.observer, found.parents).lineage
    rows = tree_rows(lineage)
    (one, other) = lineage.children[1]
    assert (rows[one], rows[other], rows[1], rows[5]) == (0, 1, 0.5, 2)
    assert set(tree_rows(lineage, families_only=True)) == {1, one, other}


def test_nothing_comes_of_a_search_that_is_cancelled():
    assert list(find_lineages(source(dividing_movie()), 1.0, lambda: True)) == []


def test_frames_with_ids_of_their_own_are_refused():
    labels = np.zeros((4, 40, 60), np.int32)
    labels[::2, 2:6, 2:6], labels[1::2, 2:6, 2:6] = 1, 2
    labels[::2, 30:34, 50:54], labels[1::2, 30:34, 50:54] = 2, 1
    with pytest.raises(ExportError, match="keep its id"):
        find(labels)


@pytest.mark.parametrize(
    ("shape", "axes", "said"),
    [
        ((40, 60), (), "several frames"),
        ((1, 40, 60), ("t",), "several frames"),
        ((3, 2, 2, 40, 60), ("p", "t", "z"), "several frames"),
        ((3, 40, 60), ("z",), "slices"),
    ],
)
def test_what_is_no_time_lapse_is_refused(shape, axes, said):
    with pytest.raises(ImageError, match=said):
        require_frames(source(np.zeros(shape, np.int32)), axes)
