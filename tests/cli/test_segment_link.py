"""`dinocell segment --link`: one id per cell through the pages of a stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import discs, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

FIRST = ((30, 20), (30, 40))
NEXT = ((9, 9), (29, 21), (31, 41))
"""The same two, moved, behind a new one."""


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    frames = [discs(*FIRST), discs(*NEXT), discs(NEXT[0]), discs(*NEXT)]
    options = {"imagej": True, "metadata": {"axes": "TYX"}}
    return write_tiff(tmp_path / "a.tif", np.stack(frames), **options)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return tmp_path / "out" / "a_labels.tif"


def ids_at(path: Path, *places: tuple[int, int]) -> list[list[int]]:
    """Per page, the ids at some places."""
    return [[int(page[place]) for place in places] for page in open_image(path).pages()]


def test_cells_keep_their_ids(segment, movie, labels):
    assert segment(movie, "--link").status == 0
    assert ids_at(labels, *NEXT) == [[0, 1, 2], [3, 1, 2], [3, 0, 0], [3, 1, 2]]


def test_every_page_has_its_own_ids_unless_asked(segment, movie, labels):
    assert segment(movie).status == 0
    assert ids_at(labels, *NEXT)[1] == [1, 2, 3]


def test_linked_ids_can_be_consecutive_and_replay_so(segment, tmp_path, labels):
    frames = [discs((2, 30), FIRST[0]), discs(*FIRST)]  # the very first is dropped
    options = {"imagej": True, "metadata": {"axes": "TYX"}}
    path = write_tiff(tmp_path / "a.tif", np.stack(frames), **options)
    assert segment(path, "--link", "--exclude-border").status == 0
    assert ids_at(labels, *FIRST) == [[2, 0], [2, 3]]
    sidecar = labels.with_suffix(".json")
    replay = (path, "--settings", sidecar)
    assert segment(*replay, "--consecutive-ids").status == 0
    for _ in range(2):
        assert ids_at(labels, *FIRST) == [[1, 0], [1, 2]]
        assert segment(*replay).status == 0
    assert segment(*replay, "--no-consecutive-ids").status == 0
    assert ids_at(labels, *FIRST) == [[2, 0], [2, 3]]


def test_cells_grow_in_their_region_and_replay_so(segment, tmp_path, labels):
    path = write_tiff(tmp_path / "a.tif", discs((30, 20)))
    sidecar = labels.with_suffix(".json")
    options = ("--region", "20:34,0:60", "--expand", 3)
    for arguments in (options, ("--settings", sidecar)):
        assert segment(path, *arguments).status == 0
        found = tifffile.imread(labels)
        rows, columns = np.nonzero(found)
        assert (rows.min(), rows.max()) == (25, 33)  # the region ends before row 34
        assert (columns.min(), columns.max()) == (15, 25)
    assert segment(path, "--settings", sidecar, "--expand", 0).status == 0
    assert np.count_nonzero(tifffile.imread(labels)) == 25


def test_cells_are_counted_as_before(segment, movie, labels):
    segment(movie, "--link")
    pages = read_provenance(labels.with_suffix(".json")).pages
    assert [page.cells for page in pages] == [2, 3, 1, 3]


def test_frames_of_slices(segment, tmp_path, labels):
    frames = [[discs(FIRST[0]), discs()], [discs(FIRST[0]), discs(*NEXT)]]
    options = {"imagej": True, "metadata": {"axes": "TZYX"}}
    write_tiff(tmp_path / "a.tif", np.array(frames), **options)
    assert segment(tmp_path / "a.tif", "--link").status == 0
    assert ids_at(labels, *NEXT) == [[0, 1, 0], [0, 0, 0], [0, 1, 0], [2, 1, 3]]


def test_a_region_of_a_movie(segment, movie, labels):
    assert segment(movie, "--link", "--region", "20:40,0:60").status == 0
    assert ids_at(labels, *NEXT)[1] == [0, 1, 2]


def test_a_single_plane(segment, tmp_path, labels):
    write_tiff(tmp_path / "a.tif", discs(*NEXT))
    assert segment(tmp_path / "a.tif", "--link").status == 0
    assert ids_at(labels, *NEXT) == [[1, 2, 3]]


def test_overlays_show_the_linked_ids(segment, movie, labels):
    """A cell has an outline of one color in all pictures."""
    segment(movie, "--link", "--overlay")
    colors = []
    for number, (y, x) in enumerate((FIRST[0], NEXT[1])):
        picture = cv2.imread(str(labels.with_name(f"a_overlay_{number:04d}.png")))
        colors.append(picture[y - 2, x])
    np.testing.assert_array_equal(*colors)


class TestRecord:
    def test_settings_replay_the_links(self, segment, movie, labels, tmp_path):
        segment(movie, "--link")
        again = tmp_path / "again"
        sidecar = labels.with_suffix(".json")
        assert segment(movie, "-o", again, "--settings", sidecar).status == 0
        found = tifffile.imread(again / labels.name)
        np.testing.assert_array_equal(found, tifffile.imread(labels))

    def test_no_link_goes_before_the_side_car(self, segment, movie, labels, tmp_path):
        segment(movie, "--link")
        again = tmp_path / "again"
        sidecar = labels.with_suffix(".json")
        segment(movie, "-o", again, "--settings", sidecar, "--no-link")
        assert ids_at(again / labels.name, *NEXT)[1] == [1, 2, 3]

    def test_resume_sees_whether_pages_are_linked(self, segment, movie):
        segment(movie, "--link")
        assert "skipped" in segment(movie, "--link", "--resume").out
        assert "skipped" not in segment(movie, "--resume").out

    def test_side_car_from_before_there_were_links(self, segment, movie, labels):
        segment(movie)
        sidecar = labels.with_suffix(".json")
        values = json.loads(sidecar.read_text())
        assert values["settings"].pop("link") is False
        sidecar.write_text(json.dumps(values))
        assert read_provenance(sidecar).settings.link is False
        assert "skipped" in segment(movie, "--resume").out
