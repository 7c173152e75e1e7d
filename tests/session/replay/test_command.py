"""What a copied command says; that it works: test_copy_as."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace

import cv2
import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from tests.ome_zarr_stores import write_image
from tests.widgets.drivers.run_records import (
    NASTY,
    REGION,
    bare_record,
    options_of_segment,
    posix_command,
)

from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.session.replay.command import as_command, quote


@pytest.fixture
def record():
    return bare_record()


def test_only_what_is_needed(record, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8))
    command = posix_command(replace(record, source_path=str(path)), output="out dir")
    assert command == (
        f"dinocell segment {path} -o 'out dir' --device cuda:0 --cell-diameter 30.0"
    )


def test_blocks_of_a_page(record, tmp_path):
    path = write_image(tmp_path / "scan.zarr", np.zeros((2, 3, 8, 8), np.uint8), "tzyx")
    made = replace(record, source_path=str(path), plane=(1, 2), device="cpu", threads=2)
    command = posix_command(made, array_ndim=4, blocks=True)
    assert command == (
        f"dinocell blocks segment {path} -o results --device cpu --cut --threads 2 "
        "--page 5 --cell-diameter 30.0"
    )


def test_all_options_exist(record):
    settings = record.settings.with_overrides(
        clahe=False, seed_threshold=0.6, foreground_threshold=0.2, min_size=9,
        fill_holes=True, channel="max", channels=(0, 2), augment=8, max_size=900,
        exclude_border=True, consecutive_ids=True, expand=2.5,
    )  # fmt: skip
    other = replace(
        record,
        settings=settings,
        channel_axis=0,
        region=REGION,
        cell_diameter=None,
        model=ModelRecord(name="gone", sha256="0" * 64),
    )
    command = posix_command(other)
    assert "--channels 0,2" in command
    assert "--augment 8" in command
    assert "--max-size 900 --exclude-border" in command
    assert "--region 20:150,37:190" in command
    assert "--cell-diameter none" in command
    options = {word for word in shlex.split(command) if word.startswith("--")}
    assert options <= options_of_segment() | {"--no-clahe"}


def test_model_that_is_gone_is_told(record):
    other = replace(record, model=ModelRecord(name="my model", sha256="0" * 64))
    comment, command = posix_command(other).splitlines()[1:]
    assert "'my model' of these labels is gone" in comment
    assert "--model 'my model'" in command


def test_settings_without_an_option_are_told(record):
    settings = record.settings.with_overrides(overlap=64)
    command = posix_command(replace(record, settings=settings))
    assert "# There is no option for overlap 64" in command


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (None, "not from a file"),
        ("/x/a.npy", "TIFF, PNG or JPEG"),
        ("https://x/a.tif", "TIFF, PNG or JPEG"),
        ("/no/such.tif", "No such file"),
    ],
)
def test_images_that_must_be_saved(record, path, reason):
    other = replace(record, source_path=path, source_name="my cells.tif")
    comment, command = posix_command(other).splitlines()
    assert reason in comment
    assert "Save the layer 'my cells.tif' as my_cells.tif first." in comment
    assert command.startswith("dinocell segment my_cells.tif -o results ")


def test_pictures_that_the_command_reads_otherwise(record, tmp_path):
    path = tmp_path / "a.png"
    deep = np.arange(300, dtype=np.uint16).reshape(10, 10, 3) * 200
    cv2.imwrite(str(path), deep)  # 16 bit per color, of which napari gets 8
    other = replace(record, source_path=str(path), rgb=True)
    assert "other pixels" in posix_command(other)
    iio.imwrite(path, deep.astype(np.uint8))
    assert "#" not in posix_command(other)
    apart = replace(other, rgb=False, channel_axis=2)
    assert "--axes YXC" in posix_command(apart).splitlines()[1]


def test_file_that_is_one_of_a_stack(record, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8))
    stack = replace(record, source_path=str(path), plane=None)
    assert "other axes" in posix_command(stack, array_ndim=3)
    assert "--axes TYX" in posix_command(stack, array_ndim=3)


def test_quoting_for_posix():
    assert shlex.split(quote(NASTY, windows=False)) == [NASTY]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C:\\data\\a.tif", "C:\\data\\a.tif"),
        ("C:\\my data\\ä.tif", '"C:\\my data\\ä.tif"'),
        ("C:\\my data\\", '"C:\\my data\\\\"'),
        ("0,2", '"0,2"'),
        ("a&b", '"a&b"'),
    ],
)
def test_quoting_for_windows(text, expected):
    assert quote(text, windows=True) == expected


def test_command_for_windows(record):
    other = replace(record, region=REGION)
    command = as_command(other, output="my results", windows=True)
    assert '-o "my results"' in command
    assert '--region "20:150,37:190"' in command
    assert "'" not in command.splitlines()[-1]


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys, napari_dinocell.session.replay.command\n"
        "print({'torch', 'cv2', 'napari', 'qtpy', 'imageio'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
