"""`dinocell segment` with a stand-in for the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import (
    DEGRADE_VALUE,
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


class TestLabels:
    def test_one_image(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        result = segment(tmp_path / "a.tif")
        assert result.status == 0, result.err
        assert names_in(out) == ["a_labels.json", "a_labels.tif"]
        labels = tifffile.imread(out / "a_labels.tif")
        assert labels.dtype == np.uint16
        assert labels.max() == 2
        assert labels[10, 10] != labels[30, 40]

    def test_stack_keeps_axes_and_pixel_size(self, segment, tmp_path, out):
        stack = np.stack([discs(*TWO), discs(*THREE), discs()])
        write_tiff(
            tmp_path / "a.tif",
            stack,
            imagej=True,
            resolution=(2, 2),
            metadata={"axes": "TYX", "unit": "micron"},
        )
        assert segment(tmp_path / "a.tif").status == 0
        image = open_image(out / "a_labels.tif")
        assert image.axes == "TYX"
        assert image.pixel_size is not None
        assert image.pixel_size.x == pytest.approx(0.5)
        assert [page.max() for page in image.pages()] == [2, 3, 0]

    def test_channel_of_a_hyperstack(self, segment, tmp_path, out):
        stack = np.zeros((2, 3, 40, 60), np.uint8)
        stack[0, 2], stack[1, 2] = discs(*TWO), discs(*THREE)
        options = {"imagej": True, "metadata": {"axes": "TCYX"}}
        write_tiff(tmp_path / "a.tif", stack, **options)
        assert segment(tmp_path / "a.tif", "--channel", 2, "--overlay").status == 0
        image = open_image(out / "a_labels.tif")
        assert [page.max() for page in image.pages()] == [2, 3]
        assert "a_overlay_0001.png" in names_in(out)

    def test_axes_turn_pages_into_channels(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", np.stack([discs(*TWO), discs()]))
        assert segment(tmp_path / "a.tif", "--axes", "CYX", "--channel", 0).status == 0
        assert tifffile.imread(out / "a_labels.tif").shape == (40, 60)

    def test_rgb_picture(self, segment, tmp_path, out):
        image = np.zeros((40, 60, 3), np.uint8)
        image[..., 0] = discs(*THREE)  # OpenCV writes it as blue
        cv2.imwrite(str(tmp_path / "a.png"), image)
        assert segment(tmp_path / "a.png", "--channel", 2, "--overlay").status == 0
        assert tifffile.imread(out / "a_labels.tif").max() == 3
        assert cv2.imread(str(out / "a_overlay.png")).shape == (40, 60, 3)

    def test_sixteen_bit_and_float_reach_the_network_as_they_are(
        self, segment, tmp_path
    ):
        for dtype in (np.uint16, np.float32):
            path = write_tiff(tmp_path / f"{dtype.__name__}.tif", discs().astype(dtype))
            assert segment(path).status == 0
            assert FakeSegmenter.calls[-1][0].dtype == dtype

    @pytest.mark.parametrize("suffix", ["png", "npy"])
    def test_other_formats(self, segment, tmp_path, out, suffix):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        assert segment(tmp_path / "a.tif", "--format", suffix).status == 0
        assert names_in(out) == ["a_labels.json", f"a_labels.{suffix}"]

    def test_results_are_not_taken_for_images(self, segment, tmp_path):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        for _ in range(2):
            result = segment(tmp_path, "-o", tmp_path, "--overlay")
            assert result.status == 0
        assert names_in(tmp_path) == [
            "a.tif", "a_labels.json", "a_labels.tif", "a_overlay.png",
            "fake.safetensors",
        ]  # fmt: skip

    def test_folders_and_patterns(self, segment, tmp_path, out):
        for name in ("day1/a.tif", "day2/b.tif", "day2/c.tif"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            write_tiff(tmp_path / name, discs())
        result = segment(tmp_path / "day1", tmp_path / "day2" / "*.tif")
        assert result.status == 0
        assert [n for n in names_in(out) if n.endswith(".tif")] == [
            "a_labels.tif", "b_labels.tif", "c_labels.tif",
        ]  # fmt: skip

    def test_table_tells_cells_per_file(self, segment, tmp_path):
        write_tiff(tmp_path / "one[red].tif", discs(*TWO))
        write_tiff(tmp_path / "two.tif", np.stack([discs(*THREE), discs(*TWO)]))
        lines = segment(tmp_path / "one[red].tif", tmp_path / "two.tif").out.split("\n")
        cells = {line.split()[0]: line.split()[1] for line in lines if line.strip()}
        assert cells == {"File": "Cells", "one[red].tif": "2", "two.tif": "5"}


class TestSettings:
    def test_options_reach_the_network(self, segment, tmp_path):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        result = segment(
            tmp_path / "a.tif", "--no-clahe", "--cell-diameter", 31.5,
            "--foreground-threshold", 0.2, "--min-size", 7, "--channel", "max",
            "--channels", "0", "--fill-holes", "--max-size", 90, "--exclude-border",
        )  # fmt: skip
        assert result.status == 0, result.err
        config = FakeSegmenter.calls[-1][1]
        assert config.cell_diameter == 31.5
        assert config.watershed.foreground_threshold == 0.2
        assert config.watershed.seed_threshold == 0.4  # the model's own
        assert (config.watershed.min_size, config.channel) == (7, "max")
        assert (config.watershed.fill_holes, config.channels) == (True, (0,))
        assert (config.watershed.max_size, config.watershed.exclude_border) == (90, 1)
        assert not config.contrast.clahe

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            (["--cell-diameter", "big"], "expected a number of pixels"),
            (["--cell-diameter", "0.1"], "Expected a cell diameter of 1"),
            (["--channel", "red"], "expected a number from 0"),
            (["--channels", "0,0"], "expected different numbers from 0"),
            (["--channels", "0,red"], "expected different numbers from 0"),
            (["--channels", "-1"], "expected different numbers from 0"),
            (["--region", "0:5"], "expected rows and columns as Y0:Y1,X0:X1"),
            (["--region", "5:5,0:9"], "0 <= Y0 < Y1"),
            (["--region", "0:5,9:2"], "0 <= X0 < X1"),
            (["--seed-threshold", "0.05"], "foreground threshold <= seed threshold"),
            (["--min-size", "9", "--max-size", "8"], "at least the minimum size, 9"),
            (["--format", "jpg"], "jpg"),
        ],
    )
    def test_impossible_settings_end_before_any_work(
        self, segment, tmp_path, out, options, text
    ):
        write_tiff(tmp_path / "a.tif", discs())
        result = segment(tmp_path / "a.tif", *options)
        assert result.status != 0
        assert text in result.err
        assert "Traceback" not in result.err
        assert names_in(out) == []

    def test_sidecar_records_what_was_done(self, segment, tmp_path, out, fake_model):
        stack = np.stack([discs(*TWO, first=DEGRADE_VALUE), np.full((40, 60), 7)])
        write_tiff(tmp_path / "a.tif", stack.astype(np.uint8), metadata={"axes": "TYX"})
        assert segment(tmp_path / "a.tif", "-d", "auto").status == 0
        record = read_provenance(out / "a_labels.json")
        assert record.model.name == str(fake_model)
        assert record.settings.cell_diameter == "auto"
        assert [page.cells for page in record.pages] == [3, 0]
        assert [page.cell_diameter for page in record.pages] == [31.5, 31.5]
        assert [page.constant for page in record.pages] == [False, True]
        assert record.degraded == ("Out of memory: going on with batches of 1",)
        assert (record.device, record.precision) == ("cpu", "float32")

    def test_sidecar_replays(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        write_tiff(tmp_path / "b.tif", discs(*THREE))
        segment(tmp_path / "a.tif", "--seed-threshold", 0.6, "-d", 30, "--no-clahe")
        first = read_provenance(out / "a_labels.json")
        result = segment(
            tmp_path / "b.tif", "--settings", out / "a_labels.json", model=None
        )
        assert result.status == 0, result.err
        second = read_provenance(out / "b_labels.json")
        assert second.settings == first.settings
        assert second.model == first.model

    def test_options_go_before_replayed_settings(self, segment, tmp_path, out):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        segment(tmp_path / "a.tif", "--seed-threshold", 0.6, "-d", 30)
        sidecar = out / "a_labels.json"
        assert (
            segment(tmp_path / "a.tif", "--settings", sidecar, "-d", "none").status == 0
        )
        settings = read_provenance(sidecar).settings
        assert settings.cell_diameter is None
        assert settings.watershed.seed_threshold == 0.6

    def test_channels_and_holes_are_replayed_unless_taken_back(
        self, segment, tmp_path, out
    ):
        image = np.stack([discs((10, 10)), discs(*THREE), discs((30, 40))])
        write_tiff(tmp_path / "a.tif", image)
        options = ("--axes", "CYX", "--channel", "max")
        segment(tmp_path / "a.tif", *options, "--channels", "2,0", "--fill-holes")
        sidecar = out / "a_labels.json"
        assert tifffile.imread(out / "a_labels.tif").max() == 2
        replay = (tmp_path / "a.tif", *options, "--settings", sidecar)
        assert segment(*replay).status == 0
        settings = read_provenance(sidecar).settings
        assert (settings.channels, settings.watershed.fill_holes) == ((2, 0), True)
        assert segment(*replay, "--channels", "all", "--no-fill-holes").status == 0
        settings = read_provenance(sidecar).settings
        assert (settings.channels, settings.watershed.fill_holes) == (None, False)
        assert tifffile.imread(out / "a_labels.tif").max() == 3

    def test_overlay_shows_the_channels_that_were_segmented(
        self, segment, tmp_path, out
    ):
        slope = np.tile(np.arange(60, dtype=np.uint8), (40, 1))
        image = np.stack([discs(*TWO), slope])
        write_tiff(tmp_path / "a.tif", image)
        write_tiff(tmp_path / "b.tif", image[0])
        result = segment(
            tmp_path, "--axes", "CYX", "--channel", "max", "--channels", "0",
            "--overlay",
        )  # fmt: skip
        assert result.status == 1  # b.tif has no channels
        assert segment(tmp_path / "b.tif", "--overlay").status == 0
        first, second = (cv2.imread(str(out / f"{n}_overlay.png")) for n in "ab")
        np.testing.assert_array_equal(first, second)

    def test_replay_with_another_model_is_refused(
        self, segment, tmp_path, out, fake_model
    ):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        segment(tmp_path / "a.tif")
        fake_model.write_bytes(b"other weights")
        arguments = (tmp_path / "a.tif", "--settings", out / "a_labels.json")
        result = segment(*arguments, model=None)
        assert result.status == 1
        assert "is another one" in result.err
        assert segment(*arguments).status == 0  # --model says it is meant

    @pytest.mark.parametrize("content", ["{}", "no json", '{"format": "other"}'])
    def test_malformed_sidecar_is_refused(self, segment, tmp_path, content):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        (tmp_path / "s.json").write_text(content)
        result = segment(tmp_path / "a.tif", "--settings", tmp_path / "s.json")
        assert result.status == 1
        assert "s.json" in result.err

    def test_unknown_model_lists_the_known_ones(self, segment, tmp_path):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        result = segment(tmp_path / "a.tif", model="nothing")
        assert result.status == 1
        assert "Known models" in result.err


def test_a_stack_is_measured_once(dinocell, fake_model, tmp_path):
    """One scale for all pages, and the side-car replays it."""
    stack = np.stack([discs((20, 20)), discs((30, 30)), discs((40, 40))])
    write_tiff(tmp_path / "t.tif", stack, metadata={"axes": "TYX"})
    result = dinocell(
        "segment", tmp_path / "t.tif", "-o", tmp_path, "-m", fake_model,
        "--cell-diameter", "auto",
    )  # fmt: skip
    assert result.status == 0, result.err
    told = [config.cell_diameter for _, config in FakeSegmenter.calls]
    assert told == ["auto", 31.5, 31.5]
    sidecar = read_provenance(tmp_path / "t_labels.json")
    assert sidecar.settings.cell_diameter == "auto"
    assert [page.cell_diameter for page in sidecar.pages] == [31.5] * 3
