"""`dinocell segment` on OME-Zarr: labels become part of the image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
import yaozarrs

from napari_dinocell.engine.batch.outputs import provenance_of_store
from napari_dinocell.engine.images.image_files import open_image
from tests.cli.conftest import (
    CRASH_VALUE,
    INTERRUPT_VALUE,
    FakeSegmenter,
    Outcome,
    discs,
    names_in,
    write_tiff,
)
from tests.ome_zarr_stores import snapshot, write_group, write_image, write_plate

if TYPE_CHECKING:
    from pathlib import Path

TWO = ((10, 10), (30, 40))
THREE = (*TWO, (10, 40))
BOTH = pytest.mark.parametrize("version", ["0.4", "0.5"])


@pytest.fixture
def segment_in(dinocell, fake_model):
    """Run `dinocell segment` with the stand-in and without -o."""

    def run(*arguments: object) -> Outcome:
        return dinocell("segment", *arguments, "--model", fake_model)

    return run


def labels_in(image: Path, name: str = "cells") -> list[np.ndarray]:
    return list(open_image(image / "labels" / name, as_labels=True).pages())


@BOTH
def test_labels_become_part_of_the_image(segment_in, tmp_path, version):
    stack = np.zeros((2, 3, 40, 60), np.uint8)
    stack[0, 2], stack[1, 2] = discs(*TWO), discs(*THREE)
    path = write_image(
        tmp_path / "a.zarr", stack, "tcyx", version=version, scale=(9, 1, 0.5, 0.5)
    )
    before = snapshot(path)
    result = segment_in(path, "--channel", 2)
    assert result.status == 0, result.err
    assert [page.max() for page in labels_in(path)] == [2, 3]
    after = snapshot(path)
    assert {name: after[name] for name in before} == before
    yaozarrs.validate_zarr_store(str(path))
    made = provenance_of_store(path / "labels" / "cells")
    assert made is not None
    assert made.settings.channel == 2
    assert [page.cells for page in made.pages] == [2, 3]
    assert names_in(tmp_path) == ["a.zarr", "fake.safetensors"]


@BOTH
def test_a_folder_gets_files_as_for_any_other_image(segment, tmp_path, version):
    path = write_image(
        tmp_path / "a.ome.zarr", discs(*TWO), "yx", version=version, scale=(0.5, 0.5)
    )
    before = snapshot(path)
    assert segment(path, "--overlay").status == 0
    assert names_in(tmp_path / "out") == [
        "a_labels.json", "a_labels.tif", "a_overlay.png",
    ]  # fmt: skip
    image = open_image(tmp_path / "out" / "a_labels.tif")
    assert image.pixel_size == open_image(path).pixel_size
    assert snapshot(path) == before


def test_level_and_ranges(segment_in, tmp_path):
    stack = np.stack([np.stack([discs(*TWO)] * 3), np.stack([discs(*THREE)] * 3)])
    wide = stack.repeat(2, axis=-1).repeat(2, axis=-2)
    path = write_image(tmp_path / "a.zarr", wide, "tzyx", levels=2)
    options = ["--level", 1, "--time-range", 1, "--z-range", "1:3"]
    result = segment_in(path, *options, "--labels-name", "some")
    assert result.status == 0, result.err
    assert [plane.shape for plane, _ in FakeSegmenter.calls] == [(40, 60)] * 2
    pages = labels_in(path, "some")
    assert [page.max() for page in pages] == [0, 0, 0, 0, 3, 3]
    assert pages[-1].shape == (80, 120)
    np.testing.assert_array_equal(pages[-1][::2, ::2] > 0, discs(*THREE) > 100)
    yaozarrs.validate_zarr_store(str(path))


def test_ranges_of_other_files_leave_background(segment, tmp_path):
    stack = np.stack([discs(*TWO), discs(*THREE), discs(*TWO)])
    options = {"imagej": True, "metadata": {"axes": "TYX"}}
    write_tiff(tmp_path / "a.tif", stack, **options)
    assert segment(tmp_path / "a.tif", "--time-range", "1:2").status == 0
    labels = tifffile.imread(tmp_path / "out" / "a_labels.tif")
    assert [page.max() for page in labels] == [0, 3, 0]
    again = segment(tmp_path / "a.tif", "--time-range", "1:2", "--resume")
    assert "skipped" in again.out
    assert "skipped" not in segment(tmp_path / "a.tif", "--resume").out


def test_ranges_beyond_the_image(segment_in, tmp_path):
    path = write_image(tmp_path / "a.zarr", discs(*TWO)[None], "zyx")
    before = snapshot(path)
    result = segment_in(path, "--z-range", "0:2")
    assert result.status == 1
    assert "Expected planes in depth from 0 to 1, got 0:2" in result.err
    assert snapshot(path) == before


@BOTH
def test_labels_are_kept_replaced_or_skipped(segment_in, tmp_path, version):
    path = write_image(tmp_path / "a.zarr", discs(*TWO), "yx", version=version)
    assert segment_in(path).status == 0
    before = snapshot(path)
    refused = segment_in(path)
    assert refused.status == 1
    assert "labels named 'cells' already" in refused.err
    assert snapshot(path) == before
    assert "skipped: done before" in segment_in(path, "--resume").out
    assert len(FakeSegmenter.calls) == 1
    assert snapshot(path) == before
    other = segment_in(path, "--resume", "--min-size", 9)
    assert other.status == 1, "other settings must not be taken for done"
    assert segment_in(path, "--overwrite-labels", "--min-size", 30).status == 0
    assert labels_in(path)[0].max() == 0
    assert segment_in(path, "--labels-name", "again").status == 0
    assert [page.max() for page in labels_in(path, "again")] == [2]


@BOTH
@pytest.mark.parametrize("first", [CRASH_VALUE, INTERRUPT_VALUE])
def test_a_run_that_fails_leaves_every_file_as_it_was(
    segment_in, tmp_path, version, first
):
    """The first page is segmented, the second one ends the run."""
    stack = np.stack([discs(*TWO), discs(*TWO, first=first)])
    path = write_image(tmp_path / "a.zarr", stack, "tyx", version=version)
    before = snapshot(path)
    assert segment_in(path).status != 0
    assert len(FakeSegmenter.calls) == 2
    assert snapshot(path) == before


def test_each_image_of_a_collection(segment_in, tmp_path):
    path = write_group(tmp_path / "a.zarr", {"bioformats2raw.layout": 3}, "0.4")
    for name, places in (("0", TWO), ("1", THREE)):
        write_image(path / name, discs(*places), "yx", version="0.4")
    result = segment_in(path, "--scene", 1)
    assert result.status == 0, result.err
    assert not (path / "0" / "labels").exists()
    assert segment_in(path, "--resume").status == 0
    assert [labels_in(path / name)[0].max() for name in "01"] == [2, 3]
    assert len(FakeSegmenter.calls) == 2


def test_settings_of_labels_inside_an_image(segment_in, segment, tmp_path):
    path = write_image(tmp_path / "a.zarr", discs(*TWO), "yx")
    assert segment_in(path, "--min-size", 9, "--region", "0:20,0:60").status == 0
    made = segment(path, "--settings", path / "labels" / "cells")
    assert made.status == 0, made.err
    assert FakeSegmenter.calls[-1][1].watershed.min_size == 9
    assert tifffile.imread(tmp_path / "out" / "a_labels.tif").max() == 1
    other = segment(path, "--settings", path)
    assert other.status == 1
    assert "does not say how it was made" in other.err


class TestPlates:
    @pytest.fixture(params=["0.4", "0.5"])
    def plate(self, request, tmp_path):
        wells = {
            "A/1": [discs(*TWO)],
            "B/1": [discs(*TWO), discs(*THREE)],
            "B/2": [discs(*THREE), discs()],
        }
        return write_plate(tmp_path / "p.zarr", wells, version=request.param)

    def test_wells_and_fields_of_choice(self, segment_in, plate):
        result = segment_in(plate, "--wells", "B/*", "--fields", 0)
        assert result.status == 0, result.err
        assert "p.zarr/B/1/0" in result.out
        found = sorted(p.parent.relative_to(plate) for p in plate.rglob("labels"))
        assert [path.as_posix() for path in found] == ["B/1/0", "B/2/0"]
        assert labels_in(plate / "B" / "1" / "0")[0].max() == 2
        yaozarrs.validate_zarr_store(str(plate))

    def test_one_bad_well_does_not_stop_the_others(self, segment_in, plate):
        for name in (".zattrs", "zarr.json"):
            if (plate / "B" / "1" / name).exists():
                (plate / "B" / "1" / name).write_text("{")
        result = segment_in(plate)
        assert result.status == 1
        assert "p.zarr/B/1" in result.err
        lines = {line.split()[0]: line for line in result.out.splitlines() if line}
        assert "failed" in lines["p.zarr/B/1"]
        done = {name for name, line in lines.items() if "failed" not in line}
        assert done >= {"p.zarr/A/1/0", "p.zarr/B/2/0", "p.zarr/B/2/1"}

    def test_resume_does_what_is_left(self, segment_in, plate):
        assert segment_in(plate, "--wells", "B/1").status == 0
        result = segment_in(plate, "--resume")
        assert result.status == 0, result.err
        assert result.out.count("skipped") == 2
        assert len(FakeSegmenter.calls) == 5

    def test_into_a_folder(self, segment, plate, tmp_path):
        assert segment(plate, "--fields", "1").status == 0
        assert names_in(tmp_path / "out") == [
            "dinocell_summary.csv", "p_B_1_1_labels.json", "p_B_1_1_labels.tif",
            "p_B_2_1_labels.json", "p_B_2_1_labels.tif",
        ]  # fmt: skip


class TestErrors:
    def test_other_images_need_a_folder(self, segment_in, tmp_path):
        write_tiff(tmp_path / "a.tif", discs())
        result = segment_in(tmp_path / "a.tif")
        assert result.status == 1
        assert "a.tif is no OME-Zarr" in result.err
        assert "-o DIR" in result.err

    @pytest.mark.parametrize("option", ["--overwrite-labels", "--labels-name=x"])
    def test_a_folder_and_labels_of_the_image(self, segment, tmp_path, option):
        path = write_image(tmp_path / "a.zarr", discs(), "yx")
        result = segment(path, option)
        assert result.status == 2
        assert "Leave -o out" in result.err

    def test_overlays_need_a_folder(self, segment_in, tmp_path):
        path = write_image(tmp_path / "a.zarr", discs(), "yx")
        assert "give their folder by -o" in segment_in(path, "--overlay").err

    def test_an_unknown_version(self, segment_in, tmp_path):
        path = write_image(tmp_path / "a.zarr", discs(), "yx", version="0.4")
        attributes = json.loads((path / ".zattrs").read_text())
        attributes["multiscales"][0]["version"] = "0.1"
        (path / ".zattrs").write_text(json.dumps(attributes))
        result = segment_in(path)
        assert result.status == 1
        assert "Expected OME-Zarr 0.4 or 0.5, got version '0.1'" in result.err

    @pytest.mark.parametrize("text", ["a", "3:3", "5:2", "-1", "1:2:3"])
    def test_ranges_that_are_none(self, segment, tmp_path, text):
        path = write_image(tmp_path / "a.zarr", discs(), "yx")
        result = segment(path, f"--z-range={text}")
        assert result.status == 2
        assert "expected an index from 0, or FIRST:STOP" in result.err
