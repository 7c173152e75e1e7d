"""Names of cells in a stack: given plane by plane, kept while thresholds move."""

import numpy as np
import pytest

from napari_dinocell.engine.link import PageLinker
from napari_dinocell.session.regions import full_region
from napari_dinocell.session.segment.stack_links import StackLinks

ALL = full_region((4, 6))
FIRST = np.array([[1, 1, 0, 0, 3, 3]] * 4, np.int32)
SECOND = np.array([[2, 2, 0, 0, 1, 1]] * 4, np.int32)
"""The same two cells with other ids."""


@pytest.fixture
def links() -> StackLinks:
    links = StackLinks((4, 6))
    links.wanted = True
    links.start()
    links.settle((0,), ALL, FIRST)
    return links


def test_names_are_those_of_the_engine(links: StackLinks) -> None:
    linker = PageLinker()
    linker.link(FIRST, (0,))
    found = links.settle((1,), ALL, SECOND)
    np.testing.assert_array_equal(found, linker.link(SECOND, (1,)))
    np.testing.assert_array_equal(found, FIRST)


def test_a_plane_relabelled_alone_keeps_its_names(links: StackLinks) -> None:
    links.settle((1,), ALL, SECOND)
    smaller = np.where(np.arange(4)[:, None] > 0, SECOND, 0)
    expected = np.where(smaller > 0, FIRST, 0)
    np.testing.assert_array_equal(links.rename((1,), smaller), expected)


def test_names_of_a_lineage_hold_until_linked_anew(links: StackLinks) -> None:
    """A daughter that had kept her mother's id keeps her own while a slider moves."""
    links.settle((1,), ALL, SECOND)
    for index in ((0,), (1,)):
        links.take_names(index, {3: [(1, 8)]})
    np.testing.assert_array_equal(links.rename((0,), FIRST), FIRST)
    renamed = np.where(FIRST == 3, 8, FIRST)
    np.testing.assert_array_equal(links.rename((1,), SECOND), renamed)
    unknown = np.where(SECOND == 2, 7, SECOND)
    assert links.rename((1,), unknown).max() > 8


def test_cells_without_a_name_are_nobody_else(links: StackLinks) -> None:
    links.settle((1,), ALL, SECOND)
    more = SECOND.copy()
    more[:, 2], more[:, 3] = 3, 4
    found = links.rename((1,), more)
    assert np.unique(found).size == np.unique(more).size
    assert set(found[0, 2:4]).isdisjoint([1, 3])
    np.testing.assert_array_equal(found[:, [0, 1, 4, 5]], FIRST[:, [0, 1, 4, 5]])


def test_without_names_ids_are_own_ones(links: StackLinks) -> None:
    np.testing.assert_array_equal(links.rename((7,), SECOND), SECOND)


def test_a_part_of_a_plane_is_linked_where_it_lies(links: StackLinks) -> None:
    part = (slice(1, 3), slice(4, 6))
    own = np.full((2, 2), 9, np.int32)
    np.testing.assert_array_equal(links.settle((1,), part, own), 3)


def test_kept_cells_hold_a_track_together(links: StackLinks) -> None:
    """Linked anew, the cells of other planes are called as the kept one is."""
    kept = np.where(FIRST == 3, 3, 0)
    links.start()
    found = links.settle((0,), ALL, np.where(FIRST == 1, 1, 0), kept)
    np.testing.assert_array_equal(found, np.where(FIRST == 1, 1, 0))
    np.testing.assert_array_equal(links.settle((1,), ALL, SECOND), FIRST)


def test_no_cell_is_called_as_a_kept_one(links: StackLinks) -> None:
    """A kept cell elsewhere bears the name that the link would give."""
    kept = np.zeros((4, 6), np.int32)
    kept[:, 3] = 3
    found = links.settle((1,), ALL, np.where(SECOND == 1, 1, 0), kept)
    name = found[0, 4]
    assert name not in (0, 1, 3)
    np.testing.assert_array_equal(found, np.where(SECOND == 1, name, 0))
    again = links.rename((1,), np.where(SECOND == 1, 1, 0))
    np.testing.assert_array_equal(again, found)


def test_outdated_until_all_planes_are_linked(links: StackLinks) -> None:
    planes = [(0,), (1,)]
    assert links.outdated(planes)
    links.settle((1,), ALL, SECOND)
    assert not links.outdated(planes)
    links.start()
    assert links.outdated(planes)


def test_unlinking_gives_own_ids_back(links: StackLinks) -> None:
    links.settle((1,), ALL, SECOND)
    links.wanted = False
    for index, own in (((0,), FIRST), ((1,), SECOND)):
        assert links.outdated([(0,), (1,)])
        np.testing.assert_array_equal(links.settle(index, ALL, own), own)
    assert not links.outdated([(0,), (1,)])
    np.testing.assert_array_equal(links.rename((1,), SECOND), SECOND)


def test_planes_that_were_never_linked_are_as_wanted() -> None:
    assert not StackLinks((4, 6)).outdated([(0,), (1,)])
