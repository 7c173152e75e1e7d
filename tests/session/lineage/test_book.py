"""The lineage of labels follows corrections and undo; bad corrections are refused."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.lineage.observe import Observer
from napari_dinocell.session.lineage.book import LineageBook
from napari_dinocell.session.lineage.edits import (
    LineageEdit,
    delete_track,
    merge_tracks,
    set_mother,
    split_track,
)


def movie() -> np.ndarray:
    """1 divides into 2 and 3; 4 goes on as 5 after a frame without; 6 is alone."""
    labels = np.zeros((6, 20, 30), np.int32)
    labels[:3, 2:6, 2:10] = 1
    labels[3:, 2:6, 1:5] = 2
    labels[3:, 2:6, 8:12] = 3
    labels[:2, 10:14, 2:6] = 4
    labels[3:, 10:14, 2:6] = 5
    labels[:, 10:14, 20:24] = 6
    return labels


@pytest.fixture
def labels() -> np.ndarray:
    return movie()


@pytest.fixture
def book(labels: np.ndarray) -> LineageBook:
    observer = Observer()
    for frame, page in enumerate(labels):
        observer.add(page, frame)
    return LineageBook(observer, {2: 1, 3: 1})


def apply(book: LineageBook, labels: np.ndarray, edit: LineageEdit) -> np.ndarray:
    """Do an edit, as the owner of labels does it; the labels before it."""
    before, rename = labels.copy(), edit.rename
    if rename is not None:
        rest = labels[rename.first :]
        rest[rest == rename.cell] = rename.name
    book.declare(edit.parents)
    look(book, labels)
    return before


def look(book: LineageBook, labels: np.ndarray) -> None:
    book.look({(frame,): page for frame, page in enumerate(labels)})


def table(book: LineageBook) -> list[tuple[int, int, int, int]]:
    return [(t.id, t.first, t.last, t.parent) for t in book.lineage.tracks]


FIRST = [(1, 0, 2, 0), (2, 3, 5, 1), (3, 3, 5, 1), (4, 0, 1, 0), (5, 3, 5, 0)]


def test_a_split_cell_goes_on_as_another_and_its_daughters_with_it(book, labels):
    apply(book, labels, split_track(book, 1, 1))
    rows = table(book)
    assert (1, 0, 0, 0) in rows
    assert (7, 1, 2, 0) in rows
    assert [row[3] for row in rows if row[0] in (2, 3)] == [7, 7]


def test_merged_tracks_are_one_cell_under_the_earlier_id(book, labels):
    apply(book, labels, merge_tracks(book, 5, 4))
    assert (4, 0, 5, 0) in table(book)
    assert 5 not in labels


def test_a_merge_takes_the_daughters_along(book, labels):
    apply(book, labels, split_track(book, 1, 1))
    apply(book, labels, merge_tracks(book, 1, 7))
    assert table(book)[:5] == FIRST


def test_a_merge_over_a_division_leaves_the_sister_alone(book, labels):
    apply(book, labels, merge_tracks(book, 1, 2))
    assert (1, 0, 5, 0) in table(book)
    assert (3, 3, 5, 0) in table(book)


def test_a_deleted_cell_leaves_its_daughters_without_a_mother(book, labels):
    apply(book, labels, delete_track(book, 1))
    assert table(book)[:2] == [(2, 3, 5, 0), (3, 3, 5, 0)]
    assert not (labels == 1).any()


def test_a_mother_who_lives_on_divides(book, labels):
    apply(book, labels, set_mother(book, 5, 6))
    rows = table(book)
    assert (6, 0, 2, 0) in rows
    assert (5, 3, 5, 6) in rows
    assert (7, 3, 5, 6) in rows
    apply(book, labels, set_mother(book, 5, 0))
    assert (5, 3, 5, 0) in table(book)


def test_a_mother_who_has_ended_changes_no_labels(book, labels):
    before = apply(book, labels, set_mother(book, 5, 4))
    np.testing.assert_array_equal(labels, before)
    assert (5, 3, 5, 4) in table(book)


def test_what_a_stroke_breaks_is_back_once_it_is_undone(book, labels):
    told = []
    book.changed.connect(lambda: told.append(table(book)))
    labels[4, 2:6, 14:18] = 1  # by hand: the mother seems to live on
    book.look({(4,): labels[4]})
    assert [row[3] for row in table(book)[:3]] == [0, 0, 0]
    labels[4] = movie()[4]
    book.look({(4,): labels[4]})
    assert table(book)[:5] == FIRST
    assert len(told) == 2


def test_ids_of_broken_declarations_are_not_given_again(book, labels):
    labels[labels == 6] = 0
    book.declare({**book.parents, 9: 1})
    look(book, labels)
    assert book.next_id == 10


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda book: split_track(book, 1, 0), "frames 0 to 2"),
        (lambda book: split_track(book, 1, 3), "frames 0 to 2"),
        (lambda book: split_track(book, 99, 1), "no cell 99"),
        (lambda book: merge_tracks(book, 1, 1), "1 twice"),
        (lambda book: merge_tracks(book, 6, 2), "both in frame 3"),
        (lambda book: delete_track(book, 99), "no cell 99"),
        (lambda book: set_mother(book, 1, 6), "no earlier"),
        (lambda book: set_mother(book, 1, 1), "no earlier"),
        (lambda book: set_mother(book, 2, 99), "no cell 99"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(book, edit, said):
    before = table(book)
    with pytest.raises(EditError, match=said):
        edit(book)
    assert table(book) == before
