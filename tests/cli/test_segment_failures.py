"""`dinocell segment` when things go wrong, and when it is run again."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.batch.summary import SUMMARY_NAME
from napari_dinocell.engine.config import SegmentConfig
from tests.cli.conftest import (
    CRASH_VALUE,
    DEGRADE_VALUE,
    INTERRUPT_VALUE,
    FakeSegmenter,
    discs,
    names_in,
    write_tiff,
)

if TYPE_CHECKING:
    from pathlib import Path

TWO = ((10, 10), (30, 40))
THREE = (*TWO, (10, 40))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


class TestFailures:
    def test_bad_file_among_good_ones_is_named_and_the_rest_is_done(
        self, segment, tmp_path, out
    ):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        (tmp_path / "b.tif").write_text("no image")
        write_tiff(tmp_path / "c.tif", np.full((40, 60), 1e7, np.float32))
        write_tiff(tmp_path / "d.tif", discs(*THREE))
        result = segment(tmp_path)
        assert result.status == 1
        assert {"a_labels.tif", "d_labels.tif"} < set(names_in(out))
        assert "b_labels.tif" not in names_in(out)
        assert "b.tif cannot be read as TIFF" in result.err
        assert "c.tif: Expected a dimmer image" in result.err
        assert result.out.count("failed") == 2
        assert "Traceback" not in result.err

    def test_fault_of_the_program_is_reported_as_one_and_the_rest_is_done(
        self, segment, tmp_path, out
    ):
        write_tiff(tmp_path / "a.tif", discs(first=CRASH_VALUE))
        write_tiff(tmp_path / "b.tif", discs(*TWO))
        result = segment(tmp_path)
        assert result.status == 1
        assert "unexpected ZeroDivisionError: a fault" in result.err
        assert names_in(out) == ["b_labels.json", "b_labels.tif", SUMMARY_NAME]

    def test_debug_variable_shows_the_traceback(self, segment, tmp_path, monkeypatch):
        monkeypatch.setenv("DINOCELL_DEBUG", "1")
        write_tiff(tmp_path / "a.tif", discs(first=CRASH_VALUE))
        with pytest.raises(ZeroDivisionError):
            segment(tmp_path)

    @pytest.mark.parametrize(
        "names",
        [
            ("x/a.tif", "y/a.tif"),
            ("a.tif", "a.png"),
            ("a.tif", "A.png"),
            ("a.tif", "a.ome.tif"),
        ],
    )
    def test_two_images_of_one_name_are_refused_before_any_work(
        self, segment, tmp_path, out, names
    ):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), discs())
        result = segment(*(tmp_path / name for name in names))
        assert result.status == 1
        for name in names:
            assert str(tmp_path / name) in result.err
        assert names_in(out) == []

    def test_missing_file_is_named(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        result = segment(tmp_path / "a.tif", tmp_path / "b.tif")
        assert result.status == 1
        assert "b.tif does not exist" in result.err
        assert "a_labels.tif" in names_in(out)

    def test_nothing_to_do_is_an_error(self, segment, tmp_path):
        result = segment(tmp_path / "*.tif")
        assert result.status == 1
        assert "No image in" in result.err

    def test_stack_as_png_is_refused_with_the_way_out(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", np.stack([discs(), discs()]))
        result = segment(tmp_path / "a.tif", "--format", "png")
        assert result.status == 1
        assert "Write tif or npy" in result.err
        assert names_in(out) == []

    def test_interruption_keeps_finished_files_and_leaves_no_half_one(
        self, segment, tmp_path, out
    ):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        broken = np.stack([discs(*TWO), discs(first=INTERRUPT_VALUE)])
        write_tiff(tmp_path / "b.tif", broken)
        write_tiff(tmp_path / "c.tif", discs(*TWO))
        result = segment(tmp_path)
        assert result.status == 130
        assert "Interrupted" in result.err
        assert names_in(out) == ["a_labels.json", "a_labels.tif", SUMMARY_NAME]

    def test_what_a_run_gave_up_or_found_odd_is_said(self, segment, tmp_path):
        write_tiff(tmp_path / "a.tif", discs(*TWO, first=DEGRADE_VALUE))
        write_tiff(tmp_path / "b.tif", np.full((40, 60), 7, np.uint8))
        with tifffile.TiffWriter(tmp_path / "c.tif") as tiff:
            tiff.write(discs(*TWO))
            tiff.write(discs(*TWO)[:20])
        result = segment(tmp_path)
        assert result.status == 0
        assert "a.tif: Out of memory: going on with batches of 1" in result.err
        assert "b.tif holds one single value" in result.err
        assert "c.tif holds 1 image more" in result.err


class TestResume:
    @pytest.fixture
    def done(self, segment, tmp_path):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        write_tiff(tmp_path / "b.tif", discs(*THREE))
        assert segment(tmp_path).status == 0
        FakeSegmenter.calls.clear()

    def test_finished_images_are_skipped(self, segment, tmp_path, done):
        result = segment(tmp_path, "--resume")
        assert result.status == 0
        assert FakeSegmenter.calls == []
        assert result.out.count("skipped") == 2

    def test_without_it_all_are_done_again(self, segment, tmp_path, done):
        segment(tmp_path)
        assert len(FakeSegmenter.calls) == 2

    @pytest.mark.parametrize(
        "options", [["--min-size", "9"], ["--overlay"], ["--format", "npy"]]
    )
    def test_other_settings_are_done_again(self, segment, tmp_path, done, options):
        segment(tmp_path, "--resume", *options)
        assert len(FakeSegmenter.calls) == 2

    def test_other_model_is_done_again(self, segment, tmp_path, done, fake_model):
        fake_model.write_bytes(b"other weights")
        segment(tmp_path, "--resume")
        assert len(FakeSegmenter.calls) == 2

    def test_changed_image_is_done_again(self, segment, tmp_path, done):
        write_tiff(tmp_path / "a.tif", discs(*THREE))
        segment(tmp_path, "--resume")
        assert len(FakeSegmenter.calls) == 1

    def test_image_of_the_same_name_elsewhere_is_not_taken_for_it(
        self, segment, tmp_path, done
    ):
        (tmp_path / "other").mkdir()
        write_tiff(tmp_path / "other" / "a.tif", discs())
        segment(tmp_path / "other", "--resume")
        assert len(FakeSegmenter.calls) == 1

    @pytest.mark.parametrize("name", ["a_labels.tif", "a_labels.json"])
    def test_missing_result_is_made_again(self, segment, tmp_path, out, done, name):
        (out / name).unlink()
        segment(tmp_path, "--resume")
        assert len(FakeSegmenter.calls) == 1

    def test_damaged_sidecar_does_not_count(self, segment, tmp_path, out, done):
        values = json.loads((out / "a_labels.json").read_text())
        values["settings"] = SegmentConfig().to_dict() | {"channel": -1}
        (out / "a_labels.json").write_text(json.dumps(values))
        segment(tmp_path, "--resume")
        assert len(FakeSegmenter.calls) == 1

    def test_run_goes_on_after_an_interruption(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        write_tiff(tmp_path / "b.tif", discs(first=INTERRUPT_VALUE))
        assert segment(tmp_path, "--resume").status == 130
        write_tiff(tmp_path / "b.tif", discs(*TWO))
        FakeSegmenter.calls.clear()
        assert segment(tmp_path, "--resume").status == 0
        assert len(FakeSegmenter.calls) == 1
        assert "b_labels.tif" in names_in(out)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_controls_in_names_never_reach_the_terminal(segment, tmp_path, out):
    write_tiff(tmp_path / "a.tif", discs(*TWO)).rename(tmp_path / "a\x1b[2Jb.tif")
    (tmp_path / "bad\x1b]0;title\x07.tif").write_text("no image")
    write_tiff(tmp_path / "c.tif", discs(*TWO)).rename(
        tmp_path / os.fsdecode(b"caf\xe9.tif")
    )
    result = segment(tmp_path)
    assert result.status == 1
    assert "\x1b[2J" not in result.out + result.err
    assert "\x1b]0" not in result.out + result.err
    assert "a\\x1b[2Jb.tif" in result.out
    assert "caf\\xe9.tif" in result.out
    assert "bad\\x1b]0;title.tif cannot be read as TIFF" in result.err
