"""`dinocell segment --volume`: cells that go through the slices of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import discs, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = (10, 10), (30, 40)
SLICES = [discs(ONE), discs(ONE, OTHER), discs(OTHER), discs(ONE, OTHER)]
"""The first cell is missing in one slice, and bridged there."""


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return tmp_path / "out" / "a_labels.tif"


def write_stack(tmp_path: Path, pixels: np.ndarray, axes: str) -> Path:
    options = {"imagej": True, "metadata": {"axes": axes, "spacing": 3.0}}
    return write_tiff(tmp_path / "a.tif", pixels, **options)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return write_stack(tmp_path, np.stack(SLICES), "ZYX")


def columns(path: Path) -> list[list[int]]:
    """Ids through all pages, at each of the two places."""
    pages = tifffile.imread(path).reshape(-1, 40, 60)
    return [[int(page[place]) for page in pages] for place in (ONE, OTHER)]


def test_a_cell_has_one_id_in_its_slices(segment, stack, labels):
    assert segment(stack, "--volume").status == 0
    assert columns(labels) == [[1, 1, 1, 1], [0, 2, 2, 2]]
    pages = read_provenance(labels.with_suffix(".json")).pages
    assert [page.cells for page in pages] == [1, 2, 2, 2]


def test_gaps_can_be_left_open(segment, stack, labels):
    assert segment(stack, "--volume", "--bridge", 0).status == 0
    first, _ = columns(labels)
    assert first[:2] == [1, 1]
    assert first[2] == 0
    assert first[3] not in (0, 1)


def test_cells_in_too_few_slices_are_dropped(segment, stack, labels):
    assert segment(stack, "--volume", "--min-z-extent", 4).status == 0
    assert columns(labels) == [[1, 1, 1, 1], [0, 0, 0, 0]]


def test_volumes_of_a_time_lapse_are_each_by_themselves(segment, tmp_path, labels):
    frames = np.array([SLICES, SLICES[::-1]])
    path = write_stack(tmp_path, frames, "TZYX")
    assert segment(path, "--volume").status == 0
    assert columns(labels)[1] == [0, 2, 2, 2, 2, 2, 2, 0]
    with tifffile.TiffFile(labels) as file:
        assert file.series[0].axes == "TZYX"


def test_settings_replay_the_volume(segment, stack, labels, tmp_path):
    segment(stack, "--volume", "--z-spacing", 2, "--consecutive-ids")
    again = tmp_path / "again"
    sidecar = labels.with_suffix(".json")
    assert read_provenance(sidecar).settings.stack.z_spacing == 2
    assert segment(stack, "-o", again, "--settings", sidecar).status == 0
    np.testing.assert_array_equal(
        tifffile.imread(again / labels.name), tifffile.imread(labels)
    )
    assert "skipped" in segment(stack, "--settings", sidecar, "--resume").out
    assert "skipped" not in segment(stack, "--resume").out


def test_region_and_overlays_of_a_volume(segment, stack, labels):
    region = ("--region", "20:40,0:60")
    assert segment(stack, "--volume", "--overlay", *region).status == 0
    assert columns(labels) == [[0, 0, 0, 0], [0, 1, 1, 1]]
    assert len(list(labels.parent.glob("a_overlay_*.png"))) == 4


@pytest.mark.parametrize(
    ("pixels", "axes", "words"),
    [
        (np.stack(SLICES), "TYX", "frames of a time-lapse"),
        (SLICES[0], "YX", "a single plane"),
        (np.stack(SLICES[:1]), "ZYX", "at least two slices"),
    ],
    ids=["frames", "plane", "one slice"],
)
def test_what_is_no_volume_is_told(segment, tmp_path, labels, pixels, axes, words):
    path = tmp_path / "a.npy"
    np.save(path, pixels)
    outcome = segment(path, "--volume", "--axes", axes)
    assert outcome.status == 1
    assert words in outcome.out + outcome.err
    assert not labels.exists()


@pytest.mark.parametrize("spacing", ["0", "-1", "wide"])
def test_spacing_that_cannot_be(segment, stack, spacing):
    outcome = segment(stack, "--volume", "--z-spacing", spacing)
    assert outcome.status != 0
    assert "pixels" in outcome.out + outcome.err
