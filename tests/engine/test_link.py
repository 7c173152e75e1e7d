"""Cells keep their ids on synthetic motion, of which the truth is known."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.engine.drawings.moving_cells import (
    DIAMETER,
    count_links,
    draw_discs,
    link_all,
    moving_discs,
    name_of,
    renumbered,
)

from dinocell_training.scenes import dividing_cells
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.link import LARGEST_ID, PageLinker

EMPTY = np.zeros((256, 256), np.int32)
ONE = draw_discs([(5, 100, 100)])


class TestKnownTruth:
    @pytest.mark.parametrize(
        ("step", "drift", "count"),
        [
            pytest.param(0.25, 0, 40, id="slow"),
            pytest.param(0.49, 0, 40, id="half_a_diameter"),
            pytest.param(0.45, 0, 100, id="crowded"),
            pytest.param(0, 0.45, 40, id="drift"),
            pytest.param(0.2, 0.25, 60, id="walk_and_drift"),
        ],
    )
    def test_discs_that_move_by_less_than_half_a_diameter(self, step, drift, count):
        links = np.zeros(3, int)
        for seed in range(3):
            truth = moving_discs(seed, step=step, drift=drift, count=count)
            links += count_links(truth, link_all(renumbered(truth, seed)))
        right, missed, wrong = links
        assert right >= 0.98 * (right + missed)
        assert wrong <= 0.002 * right

    def test_nuclei_that_divide_leave_and_enter(self):
        truth = dividing_cells(frames=8, shape=(256, 256)).labels
        right, missed, wrong = count_links(truth, link_all(renumbered(truth)))
        assert right >= 0.98 * (right + missed)
        assert wrong == 0

    def test_cells_that_are_lost_in_single_frames(self):
        truth = moving_discs(0, step=0.2, frames=9)
        seen = renumbered(truth)
        seen[1::2][truth[1::2] % 4 == 1] = 0
        linked = link_all(seen)
        right, missed, wrong = count_links(truth[::2], linked[::2])
        assert right >= 0.98 * (right + missed)
        assert wrong == 0

    def test_same_pages_give_the_same_ids(self):
        pages = renumbered(moving_discs(1, step=0.45))
        np.testing.assert_array_equal(link_all(pages), link_all(pages))


class TestEvents:
    def test_first_page_keeps_its_ids(self):
        labels = draw_discs([(7, 50, 50), (300, 120, 120)])
        np.testing.assert_array_equal(PageLinker().link(labels, (0,)), labels)

    def test_first_cells_keep_their_ids_after_empty_pages(self):
        np.testing.assert_array_equal(link_all([EMPTY, EMPTY, ONE])[2], ONE)

    def test_a_new_cell_gets_an_id_that_nobody_had(self):
        both = draw_discs([(1, 102, 99), (2, 200, 200)])
        linked = link_all([ONE, both])
        assert name_of(linked[1], both == 1) == 5
        assert name_of(linked[1], both == 2) == 6

    def test_the_id_of_an_ended_track_is_not_used_again(self):
        other = draw_discs([(5, 200, 200)])
        linked = link_all([ONE, other, other, ONE])
        assert [page.max() for page in linked] == [5, 6, 6, 7]

    @pytest.mark.parametrize(("gap", "expected"), [(1, 5), (2, 6)])
    def test_a_cell_may_be_missing_in_one_page(self, gap, expected):
        linked = link_all([ONE, *[EMPTY] * gap, ONE])
        assert linked[-1].max() == expected

    def test_two_cells_that_are_joined_in_one_page(self):
        two = draw_discs([(3, 100, 100), (4, 100, 118)])
        linked = link_all([two, (two > 0).astype(int), renumbered(two[None])[0]])
        np.testing.assert_array_equal(linked[2], two)

    def test_a_neighbour_that_takes_the_place_of_a_lost_cell_keeps_its_id(self):
        beside = draw_discs([(1, 100, 100), (2, 100, 121)])
        moved = draw_discs([(2, 100, 113)])
        linked = link_all([beside, moved, draw_discs([(2, 100, 105)])])
        assert [page.max() for page in linked] == [2, 2, 2]

    def test_the_daughter_that_overlaps_most_keeps_the_id(self):
        mother = np.zeros((40, 40), np.int32)
        mother[10:20, 10:30] = 3
        daughters = np.zeros_like(mother)
        daughters[10:20, 10:18] = 1
        daughters[10:20, 20:30] = 2
        linked = link_all([mother, daughters])
        assert name_of(linked[1], daughters == 1) == 4
        assert name_of(linked[1], daughters == 2) == 3

    def test_pairs_have_the_largest_sum_of_overlaps(self):
        """Taking the best pair first would leave cell 1 alone."""
        before = np.zeros((10, 100), np.int32)
        before[:, :30], before[:, 30:60] = 1, 2
        after = np.zeros_like(before)
        after[:, 14:44], after[:, 46:60] = 8, 9
        assert 16 / 44 < 14 / 30  # by itself 8 could be either, 9 is only 2
        linked = link_all([before, after])
        assert name_of(linked[1], after == 8) == 1
        assert name_of(linked[1], after == 9) == 2

    def test_too_far_is_another_cell(self):
        linked = link_all([ONE, draw_discs([(5, 100, 100 + 0.8 * DIAMETER)])])
        assert linked[1].max() == 6

    def test_ids_beyond_16_bits(self):
        first = ONE.astype(np.int64) * 20_000
        both = draw_discs([(1, 101, 100), (2, 200, 200)]).astype(np.uint8)
        linked = link_all([first, both])
        assert linked.dtype == np.int32
        assert set(np.unique(linked[1])) == {0, 100_000, 100_001}

    def test_page_without_pixels(self):
        assert link_all([np.zeros((0, 4), int)] * 2).shape == (2, 0, 4)


class TestSeveralAxes:
    def test_neighbours_along_each_axis(self):
        """Frames of slices: cells of the upper slice, of the lower, and of both."""
        upper = draw_discs([(1, 50, 50), (3, 150, 150)])
        lower = draw_discs([(2, 200, 60), (3, 150, 150)])
        pages = renumbered(np.stack([upper, lower, upper, lower, upper, lower]))
        linker = PageLinker()
        frames = [
            [linker.link(pages[2 * t + z], (t, z)) for z in range(2)] for t in range(3)
        ]
        for z, cells in ((0, upper), (1, lower)):
            for cell in np.unique(cells[cells > 0]):
                names = {name_of(frame[z], cells == cell) for frame in frames}
                assert len(names) == 1
        assert len(np.unique(frames)) == 4

    def test_last_slice_is_no_neighbour_of_the_next_frame(self):
        linker = PageLinker()
        linker.link(ONE, (0, 0))
        linker.link(EMPTY, (0, 1))
        below = draw_discs([(1, 200, 200)])
        assert linker.link(below, (0, 2)).max() == 6
        assert linker.link(below, (1, 0)).max() == 7

    def test_nothing_is_linked_across_a_page_left_out(self):
        linker = PageLinker()
        linker.link(ONE, (0,))
        assert linker.link(ONE, (2,)).max() == 6

    def test_single_plane_stays_as_it_is(self):
        np.testing.assert_array_equal(PageLinker().link(ONE, ()), ONE)


class TestWrongPages:
    def test_other_shape(self):
        linker = PageLinker()
        linker.link(ONE, (0,))
        with pytest.raises(ImageError, match=r"\(256, 256\).*\(0,\).*\(256, 255\)"):
            linker.link(ONE[:, 1:], (1,))

    @pytest.mark.parametrize(
        ("page", "words"), [(ONE / 2, "integer dtype"), (-ONE, "labels >= 0, got -5")]
    )
    def test_no_ids(self, page, words):
        with pytest.raises(ImageError, match=words):
            PageLinker().link(page, (0,))

    def test_no_ids_left(self):
        linker = PageLinker()
        linker.link(np.full((8, 8), LARGEST_ID, np.int64), (0,))
        linker.link(np.zeros((8, 8), int), (1,))
        linker.link(np.zeros((8, 8), int), (2,))
        with pytest.raises(ImageError, match="Number the cells of the first page"):
            linker.link(np.ones((8, 8), int), (3,))


def test_memory_does_not_grow_with_the_number_of_pages():
    page = np.repeat(np.arange(1, 65), 4096).reshape(512, 512).astype(np.int32)
    linker = PageLinker()
    tracemalloc.start()
    for n in range(12):
        linker.link(page, (n,))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 4 * page.nbytes


small_pages = arrays(np.int32, (7, 9), elements=st.integers(0, 6))


@given(page=small_pages, seed=st.integers(0, 2**32 - 1))
def test_other_numbers_for_the_same_cells_change_nothing(page, seed):
    table = np.random.default_rng(seed).permutation(np.arange(1, 100))
    again = np.where(page > 0, table[page], 0)
    linker = PageLinker()
    np.testing.assert_array_equal(linker.link(page, (0,)), page)
    np.testing.assert_array_equal(linker.link(again, (1,)), page)


@settings(max_examples=60)
@given(pages=st.lists(small_pages, min_size=1, max_size=5))
def test_only_names_change(pages):
    for page, linked in zip(pages, link_all(pages), strict=True):
        pairs = np.unique(np.stack([page.ravel(), linked.ravel()]), axis=1)
        assert np.unique(pairs[0]).size == np.unique(pairs[1]).size == pairs.shape[1]
        np.testing.assert_array_equal(page == 0, linked == 0)
