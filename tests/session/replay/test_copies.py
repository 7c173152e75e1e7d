"""Copied scripts and commands make the very labels that were copied."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
import torch
from tests.widgets.drivers.run_records import (
    NASTY,
    posix_command,
    run_script,
)

from napari_dinocell import Segmenter
from napari_dinocell.cli import main
from napari_dinocell.engine.inference.events import ScaleChosen
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.session.replay.python import as_python
from napari_dinocell.session.replay.run_record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("one_network", "one_command_line")

REGION = (slice(4, 70), slice(7, 93))


@dataclass(frozen=True)
class Made:
    """Labels as the dock makes them, and the record that it keeps."""

    record: RunRecord
    labels: np.ndarray
    ndim: int


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(device="cpu")


@pytest.fixture
def make(segmenter: Segmenter) -> Callable[..., Made]:
    """Segment as the dock does: one scale for a stack, a region by itself."""

    def make(
        data: np.ndarray,
        path: Path | None = None,
        *,
        channel_axis: int | None = None,
        rgb: bool = False,
        plane: tuple[int, ...] | None = (),
        region: tuple[slice, slice] | None = None,
        **overrides: Any,
    ) -> Made:
        asked = segmenter.default_config().with_overrides(**overrides)
        moved = data if channel_axis is None else np.moveaxis(data, channel_axis, -1)
        kept = rgb or channel_axis is not None
        shape = moved.shape[: moved.ndim - kept]
        labels = np.zeros(shape, np.int32)
        config, diameter = asked, None
        part = (slice(None), slice(None)) if region is None else region
        for index in np.ndindex(shape[:-2]) if plane is None else [plane]:
            axis = None if channel_axis is None else 2
            segmenter.forget_map()
            for event in segmenter.steps(
                moved[(*index, *part)], config, channel_axis=axis
            ):
                if isinstance(event, ScaleChosen):
                    diameter = event.cell_diameter
            config = replace(config, cell_diameter=diameter)
            labels[(*index, *part)] = segmenter.labels()
        if plane is not None:
            labels = labels[plane]
        assert np.unique(labels).size > 5
        record = RunRecord(
            source_name=NASTY if path is None else path.stem,
            source_path=None if path is None else str(path),
            rgb=rgb,
            channel_axis=channel_axis,
            model=ModelRecord(name="default", sha256=file_sha256(segmenter.path)),
            settings=asked,
            cell_diameter=diameter,
            region=region,
            plane=plane,
            device=segmenter.device,
            precision=segmenter.precision,
            threads=torch.get_num_threads(),
            seconds=1.0,
            cells=1,
        )
        return Made(record, labels, data.ndim)

    return make


def run_command(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Labels that the last line of a copied text leaves in `results`."""
    monkeypatch.chdir(folder)
    *comments, command = text.splitlines()
    assert all(line.startswith("# ") for line in comments)
    program, *arguments = shlex.split(command)
    assert program == "dinocell"
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code
    (path,) = (folder / "results").glob("*_labels.tif")
    return tifffile.imread(path)


def assert_both_make(
    made: Made, folder: Path, monkeypatch: pytest.MonkeyPatch, *, page: Any = ...
) -> None:
    """Script and command give the labels; of the command's, look at one page."""
    script = as_python(made.record, array_ndim=made.ndim)
    found = run_script(script)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, made.labels)
    labels = run_command(posix_command(made.record), folder, monkeypatch)
    np.testing.assert_array_equal(labels[page], made.labels)


class TestSameLabels:
    """All parts are real: the bundled model, files, the command line.

    Only one test lets the model be read again, in a process of its own.
    """

    def test_plain_image(self, make, crop, tmp_path, monkeypatch):
        name = NASTY if os.name == "posix" else NASTY.replace('"', "")
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, crop)
        made = make(crop, path)
        assert made.record.settings.cell_diameter == "auto"
        assert_both_make(made, tmp_path, monkeypatch)

    def test_region_with_moved_thresholds(
        self, make, segmenter, crop, tmp_path, monkeypatch
    ):
        path = tmp_path / "a.tiff"
        tifffile.imwrite(path, crop)
        made = make(crop, path, region=REGION, clahe=False, channel=0, cell_diameter=22)
        moved = replace(
            made.record.settings.watershed,
            seed_threshold=0.1 + 0.2,
            foreground_threshold=1 / 7,
            min_size=20,
            max_size=900,
            exclude_border=True,
            fill_holes=True,
        )
        labels = np.zeros_like(made.labels)
        labels[REGION] = segmenter.labels(moved)
        assert (labels != made.labels).any()
        record = made.record.with_watershed(moved)
        assert_both_make(Made(record, labels, 2), tmp_path, monkeypatch)

    def test_one_plane_of_a_stack(self, make, planes, tmp_path, monkeypatch):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, planes, photometric="minisblack")
        made = make(planes, path, plane=(2,), region=REGION)
        assert "plane 2, counted from 0" in posix_command(made.record)
        assert_both_make(made, tmp_path, monkeypatch, page=2)

    def test_all_planes(self, make, planes, tmp_path, monkeypatch):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, planes, photometric="minisblack")
        made = make(planes, path, plane=None, consecutive_ids=True, expand=2.5)
        assert not posix_command(made.record).startswith("#")
        numbers = ConsecutiveIds()
        labels = np.stack(
            [numbers.renumber(expand_cells(page, 2.5)) for page in made.labels]
        )
        assert (labels != made.labels).any()
        assert_both_make(replace(made, labels=labels), tmp_path, monkeypatch)

    def test_channels_that_the_file_takes_for_pages(
        self, make, channels, tmp_path, monkeypatch
    ):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, channels, photometric="minisblack")
        made = make(
            channels,
            path,
            channel_axis=0,
            channel="max",
            channels=(2, 0),
            cell_diameter=14.2,
        )
        assert "--axes CYX" in posix_command(made.record)
        assert_both_make(made, tmp_path, monkeypatch)

    def test_pages_that_the_file_takes_for_channels(
        self, make, planes, tmp_path, monkeypatch
    ):
        path = tmp_path / "a.tif"
        options = {"photometric": "minisblack", "metadata": {"axes": "CYX"}}
        tifffile.imwrite(path, planes, **options)
        made = make(planes, path, plane=(1,), cell_diameter=None)
        assert "--axes TYX" in posix_command(made.record)
        assert_both_make(made, tmp_path, monkeypatch, page=1)

    def test_hyperstack_with_a_region(self, make, channels, tmp_path, monkeypatch):
        path = tmp_path / "a.tif"
        frames = np.stack([channels[[0, 1]], channels[[1, 2]]])  # (T, C, Y, X)
        data = np.stack([frames, frames[..., ::-1]], axis=1)  # (T, Z, C, Y, X)
        tifffile.imwrite(path, data, imagej=True, metadata={"axes": "TZCYX"})
        made = make(
            data,
            path,
            channel_axis=2,
            plane=None,
            region=REGION,
            channel=1,
            cell_diameter=22,
        )
        assert "--axes" not in posix_command(made.record)
        assert_both_make(made, tmp_path, monkeypatch)

    def test_channel_axis_first_with_planes_behind(
        self, make, channels, tmp_path, monkeypatch
    ):
        path = tmp_path / "a.tif"
        flipped = channels[:2, ::-1]
        data = np.stack([channels[:2], flipped], axis=1)  # (C, P, Y, X)
        tifffile.imwrite(path, data, photometric="minisblack")
        options = {"channel": "mean", "cell_diameter": 22}
        made = make(data, path, channel_axis=0, plane=(1,), **options)
        assert_both_make(made, tmp_path, monkeypatch, page=1)

    def test_rgb_picture(self, make, picture, tmp_path, monkeypatch):
        path = tmp_path / "a.png"
        iio.imwrite(path, picture)
        made = make(picture, path, rgb=True, region=REGION, cell_diameter=22)
        assert_both_make(made, tmp_path, monkeypatch)

    def test_rgb_jpeg(self, make, picture, tmp_path, monkeypatch):
        path = tmp_path / "a.jpg"
        iio.imwrite(path, picture)
        made = make(iio.imread(path), path, rgb=True, channel=2, cell_diameter=22)
        assert_both_make(made, tmp_path, monkeypatch)

    def test_rgb_stack_that_the_file_takes_for_pages(
        self, make, picture, tmp_path, monkeypatch
    ):
        path = tmp_path / "a.tif"
        options = {"photometric": "minisblack", "metadata": {"axes": "ZYX"}}
        tifffile.imwrite(path, picture, **options)
        made = make(picture, path, rgb=True, channel="max", cell_diameter=22)
        assert "--axes YXS" in posix_command(made.record)
        assert_both_make(made, tmp_path, monkeypatch)

    def test_contrast_and_tiling(self, make, crop, tmp_path):
        path = tmp_path / "a.npy"
        np.save(path, crop)
        made = make(
            crop, path, low_percentile=1.5, clip_limit=3.25, window=64, tile_size=128
        )
        script = as_python(made.record, array_ndim=2)
        np.testing.assert_array_equal(run_script(script), made.labels)

    def test_contrast_by_command(self, make, crop, tmp_path, monkeypatch):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, crop)
        contrast = {"high_percentile": 99.25, "clip_limit": 3.25, "window": 64}
        made = make(crop, path, cell_diameter=22, **contrast)
        command = posix_command(made.record)
        assert "--percentiles 0.1,99.25 " in command
        assert "--clip-limit 3.25 --window 64" in command
        assert_both_make(made, tmp_path, monkeypatch)

    def test_layer_without_a_file(self, make, planes):
        """Several levels: the first one is segmented."""
        made = make(planes, plane=(1,), region=REGION, cell_diameter=15)
        layer = SimpleNamespace(data=[planes, planes[:, ::2, ::2]], multiscale=True)
        viewer = SimpleNamespace(layers={NASTY: layer})
        script = as_python(made.record, array_ndim=3)
        np.testing.assert_array_equal(run_script(script, viewer=viewer), made.labels)

    def test_layer_to_be_saved_first(self, make, planes, tmp_path, monkeypatch):
        """Three planes are saved by napari as if they were red, green and blue."""
        made = make(planes, plane=None, cell_diameter=15)
        command = posix_command(made.record)
        (name,) = (
            word for word in shlex.split(command.splitlines()[-1]) if ".tif" in word
        )
        assert f"as {name} first" in command.splitlines()[0]
        stored = {"photometric": "rgb", "planarconfig": "separate"}
        tifffile.imwrite(tmp_path / name, planes, compression="zlib", **stored)
        labels = run_command(command, tmp_path, monkeypatch)
        np.testing.assert_array_equal(labels, made.labels)

    def test_script_in_a_process_of_its_own(self, make, crop, tmp_path):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, crop)
        made = make(crop, path)
        script = as_python(made.record, array_ndim=2)
        script += f"np.save({str(tmp_path / 'out.npy')!r}, labels)\n"
        (tmp_path / "copied.py").write_text(script, encoding="utf-8")
        command = [sys.executable, str(tmp_path / "copied.py")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), made.labels)
        assert result.stdout == f"{np.unique(made.labels).size - 1} cells\n"
