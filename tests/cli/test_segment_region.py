"""`dinocell segment --region`: a part of each page as an image of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.batch.summary import SUMMARY_NAME
from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import FakeSegmenter, discs, names_in, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

CENTRES = ((10, 10), (30, 40), (10, 40))
REGION = "5:35,30:55"
"""Holds the second and the third disc."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "a.tif", discs(*CENTRES))


def seen() -> list[tuple[int, ...]]:
    """Shapes of the planes that the network was given."""
    return [plane.shape for plane, _ in FakeSegmenter.calls]


def test_labels_keep_the_size_of_the_page(segment, image, out):
    result = segment(image, "--region", REGION)
    assert result.status == 0, result.err
    assert seen() == [(30, 25)]
    labels = tifffile.imread(out / "a_labels.tif")
    assert labels.shape == (40, 60)
    expected = discs(*CENTRES) > 100
    expected[8:13, 8:13] = False
    np.testing.assert_array_equal(labels > 0, expected)
    assert labels[30, 40] != labels[10, 40]
    record = read_provenance(out / "a_labels.json")
    assert record.region == ((5, 35), (30, 55))
    assert [page.cells for page in record.pages] == [2]


def test_whole_pages_are_segmented_without_it(segment, image, out):
    assert segment(image).status == 0
    assert seen() == [(40, 60)]
    assert read_provenance(out / "a_labels.json").region is None


def test_every_page_and_its_overlay(segment, tmp_path, out):
    """Pages have their own labels; the picture shows all of the page."""
    stack = np.stack([discs(*CENTRES), discs((30, 40))])
    hyperstack = np.stack([np.zeros_like(stack), stack], axis=1)
    options = {"imagej": True, "metadata": {"axes": "TCYX"}}
    path = write_tiff(tmp_path / "a.tif", hyperstack, **options)
    result = segment(path, "--region", REGION, "--channel", 1, "--overlay")
    assert result.status == 0, result.err
    labels = tifffile.imread(out / "a_labels.tif")
    assert labels.shape == (2, 40, 60)
    assert [page.max() for page in labels] == [2, 1]
    assert cv2.imread(str(out / "a_overlay_0001.png")).shape == (40, 60, 3)


def test_rgb_picture(segment, tmp_path, out):
    cv2.imwrite(str(tmp_path / "a.png"), np.dstack([discs(*CENTRES)] * 3))
    assert segment(tmp_path / "a.png", "--region", REGION, "--overlay").status == 0
    assert seen() == [(30, 25)]
    assert tifffile.imread(out / "a_labels.tif").max() == 2


@pytest.mark.parametrize("region", ["0:40,0:60", "39:40,59:60", " 0:1, 0:2"])
def test_borders_of_the_page_belong_to_it(segment, image, region):
    assert segment(image, "--region", region).status == 0


@pytest.mark.parametrize("region", ["0:41,0:60", "0:40,30:61", "90:99,90:99"])
def test_page_that_lacks_the_region_is_named_and_the_rest_is_done(
    segment, image, tmp_path, out, region
):
    write_tiff(tmp_path / "large.tif", np.tile(discs(*CENTRES), (4, 4)))
    result = segment(image, tmp_path / "large.tif", "--region", region)
    assert result.status == 1
    assert "a.tif: Expected a region inside the page of 40 x 60 pixels" in result.err
    assert names_in(out) == [SUMMARY_NAME, "large_labels.json", "large_labels.tif"]
    assert len(FakeSegmenter.calls) == 1


def test_sidecar_replays_the_region_unless_another_is_given(
    segment, image, tmp_path, out
):
    segment(image, "--region", REGION)
    sidecar = tmp_path / "s.json"
    (out / "a_labels.json").rename(sidecar)
    for options, expected in [
        ([], ((5, 35), (30, 55))),
        (["--region", "0:20,0:20"], ((0, 20), (0, 20))),
        (["--region", "none"], None),
    ]:
        result = segment(image, "--settings", sidecar, *options, model=None)
        assert result.status == 0, result.err
        assert read_provenance(out / "a_labels.json").region == expected


def test_resume_tells_regions_apart(segment, image):
    segment(image, "--region", REGION)
    for region, runs in [(REGION, 1), ("0:20,0:20", 2), ("none", 3)]:
        assert segment(image, "--region", region, "--resume").status == 0
        assert len(FakeSegmenter.calls) == runs


def test_labels_from_before_regions_were_recorded_are_whole_pages(segment, image, out):
    segment(image)
    sidecar = out / "a_labels.json"
    values = json.loads(sidecar.read_text())
    del values["region"]
    sidecar.write_text(json.dumps(values))
    segment(image, "--resume")
    assert len(FakeSegmenter.calls) == 1
