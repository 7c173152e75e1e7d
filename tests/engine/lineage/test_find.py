"""Divisions are found on made-up motion, of which the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.engine.drawings.moving_cells import draw_discs, link_all, renumbered

from dinocell_training.scenes import dividing_cells
from napari_dinocell.engine.errors import EditError, ImageError
from napari_dinocell.engine.lineage.find import (
    find_lineage,
    find_links,
    make_lineage,
    split_at_gaps,
)
from napari_dinocell.engine.lineage.observe import Observations, Observer
from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.lineage.table import Lineage, Track

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_dinocell.engine.arrays import Labels

MOTHER = draw_discs([(3, 100, 100)])


def sisters(way: float) -> Labels:
    """Two halves of a disc, each so far from where the mother was."""
    whole = draw_discs([(1, 100, 100)])
    halves = np.zeros_like(whole)
    shift = round(way)
    halves[:, shift:][:, 100:] = np.where(whole[:, 100:-shift] > 0, 2, 0)
    halves[:, : 100 - shift] = np.where(whole[:, shift:100] > 0, 1, 0)
    return halves


def observe(pages: Iterable[Labels]) -> Observations:
    observer = Observer()
    for frame, page in enumerate(pages):
        observer.add(page, frame)
    return observer.finish()


def parents(pages: Iterable[Labels]) -> dict[int, int]:
    lineage, _ = find_lineage(observe(pages))
    return {track.id: track.parent for track in lineage.tracks if track.parent}


@pytest.fixture(scope="module")
def scene():
    return dividing_cells(frames=8, shape=(256, 256), seed=3)


class TestMadeUpNuclei:
    def test_all_divisions_and_no_others(self, scene):
        assert len(scene.mothers) >= 4
        assert parents(scene.labels) == scene.mothers

    def test_also_after_linking(self, scene):
        linked = link_all(renumbered(scene.labels))
        lineage, names = find_lineage(observe(linked))
        pages = [rename_cells(page, names, t) for t, page in enumerate(linked)]
        for daughter, mother in scene.mothers.items():
            born = np.flatnonzero((scene.labels == daughter).any(axis=(1, 2)))[0]
            (own,) = np.unique(pages[born][scene.labels[born] == daughter])
            (hers,) = np.unique(pages[born - 1][scene.labels[born - 1] == mother])
            assert lineage.by_id[own].parent == hers
            assert lineage.by_id[hers].last == born - 1
        assert sum(t.parent > 0 for t in lineage.tracks) == len(scene.mothers)

    def test_what_was_found_is_found_again(self, scene):
        linked = link_all(renumbered(scene.labels))
        lineage, names = find_lineage(observe(linked))
        pages = [rename_cells(page, names, t) for t, page in enumerate(linked)]
        again, none = find_lineage(observe(pages))
        assert again == lineage
        for t, page in enumerate(pages):
            np.testing.assert_array_equal(rename_cells(page, none, t), page)


class TestEvents:
    @pytest.mark.parametrize("way", [2, 6])
    def test_a_division(self, way):
        pages = link_all([MOTHER, MOTHER, *[sisters(way)] * 2])
        lineage, _ = find_lineage(observe(pages))
        mother, *daughters = lineage.tracks
        assert mother == Track(3, 0, 1)
        assert [(d.first, d.last, d.parent) for d in daughters] == [(2, 3, 3)] * 2

    def test_mother_is_missing_for_a_frame(self):
        pages = link_all([MOTHER, MOTHER * 0, *[sisters(2)] * 2])
        lineage, _ = find_lineage(observe(pages))
        assert sum(track.parent == 3 for track in lineage.tracks) == 2

    @pytest.mark.parametrize("frames", [1, 3])
    def test_a_cell_cut_in_two_by_mistake(self, frames):
        pages = link_all([MOTHER, MOTHER, *[sisters(1)] * frames, MOTHER, MOTHER])
        lineage, names = find_lineage(observe(pages))
        assert not lineage.children
        assert lineage.by_id[3].last == frames + 3
        assert not names

    def test_a_cell_that_comes_beside_another(self):
        both = draw_discs([(3, 100, 100), (4, 100, 121)])
        assert not parents([MOTHER, both, both])

    def test_a_cell_beside_one_that_shrinks(self):
        smaller = draw_discs([(4, 100, 121)])
        smaller[95:105, 95:105] = 3
        assert not parents([MOTHER, smaller, smaller])

    def test_a_small_cell_that_jumps_is_one_cell(self):
        pages = [draw_discs([(n + 1, 100, 100 + 17 * n)]) for n in range(4)]
        lineage, names = find_lineage(observe(pages))
        assert lineage.tracks == (Track(1, 0, 3),)
        assert names == {n + 1: [(n, 1)] for n in range(1, 4)}

    def test_daughters_that_divide(self):
        page = np.zeros((80, 80), np.int32)
        pages = [page.copy() for _ in range(6)]
        for t, parts in enumerate([1, 1, 2, 2, 4, 4]):
            width = 32 // parts
            for n in range(parts):
                start = 20 + n * (width + 2)
                pages[t][30:46, start : start + width] = 10 * parts + n
        lineage, _ = find_lineage(observe(pages))
        assert lineage.children == {10: (20, 21), 20: (40, 41), 21: (42, 43)}
        assert lineage.division_count == 3

    def test_volumes(self):
        def volume(*boxes):
            labels = np.zeros((6, 40, 60), np.int32)
            for cell, (z, x) in boxes:
                labels[z, 10:30, x] = cell
            return labels

        whole = volume((1, (slice(0, 6), slice(20, 40))))
        apart = volume(
            (1, (slice(0, 3), slice(18, 38))), (2, (slice(3, 6), slice(22, 42)))
        )
        observer = Observer()
        for frame, labels in enumerate([whole, whole, apart, apart]):
            for z, page in enumerate(labels):
                observer.add(page, frame, z)
        lineage, names = find_lineage(observer.finish(), z_step=4.0)
        assert lineage.children == {1: (2, 3)}
        assert names == {1: [(2, 3)]}


class TestTables:
    def test_gaps_become_tracks_of_their_own(self):
        pages = [MOTHER, MOTHER * 0, MOTHER, *[sisters(6) + 7 * (sisters(6) > 0)] * 2]
        seen = observe(pages)
        lineage, names = find_lineage(seen)
        whole, steps = split_at_gaps(seen.renamed(names), lineage)
        assert steps == {3: [(2, 10)]}
        assert whole.tracks == (
            Track(3, 0, 0), Track(8, 3, 4, 10), Track(9, 3, 4, 10), Track(10, 2, 2, 3),
        )  # fmt: skip

    def test_links_lead_from_frame_to_frame(self):
        pages = [MOTHER, *[sisters(6)] * 2]
        seen = observe(pages)
        links = find_links(seen, find_lineage(seen)[0])
        assert links.tolist() == [[0, 1], [0, 2], [1, 3], [2, 4]]

    def test_no_cells(self):
        seen = observe([MOTHER * 0] * 3)
        lineage, names = find_lineage(seen)
        assert (seen.frame_count, lineage.tracks, names) == (3, (), {})
        assert find_links(seen, lineage).shape == (0, 2)

    @pytest.mark.parametrize(
        ("cell", "parent", "words"),
        [
            (9, 1, "no cell 9"),
            (2, 9, "parent 9, which is no cell"),
            (2, 3, "seen until frame 4, is still there"),
            (2, 2, "seen until frame 4, is still there"),
        ],
    )
    def test_impossible_mothers(self, cell, parent, words):
        lineage = Lineage.of([Track(3, 0, 4), Track(1, 0, 1), Track(2, 2, 4)])
        assert lineage.with_parent(2, 1).children == {1: (2,)}
        with pytest.raises(EditError, match=words):
            lineage.with_parent(cell, parent)

    def test_cells_twice(self):
        with pytest.raises(EditError, match="every cell once"):
            Lineage((Track(1, 0, 1), Track(1, 2, 3)))

    def test_made_from_known_mothers(self):
        seen = observe([MOTHER, *[sisters(6)] * 2])
        assert make_lineage(seen, {1: 3}).by_id[1].parent == 3

    def test_no_labels(self):
        with pytest.raises(ImageError, match="integer dtype"):
            Observer().add(MOTHER / 2, 0)
