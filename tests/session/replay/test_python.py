"""What a copied script says; that it works: test_copy_as."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from tests.widgets.drivers.run_records import (
    NASTY,
    bare_record,
    posix_command,
    run_script,
)

from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.session.replay.python import as_python


@pytest.fixture
def record():
    return bare_record()


def test_only_what_is_not_the_models_own(record):
    assert as_python(record, array_ndim=2).endswith(
        """\
labels = segment(
    image,
    model=model,
    device='cuda:0',
    cell_diameter=30.0,
)
print(np.count_nonzero(np.unique(labels)), "cells")
"""
    )


@pytest.mark.parametrize("name", ["gone", "default"])
def test_all_settings_if_the_models_own_are_not_known(record, name):
    """A model that is not there, and another one under its name."""
    other = replace(record, model=ModelRecord(name=name, sha256="0" * 64))
    script = as_python(other, array_ndim=2)
    contrast, watershed = record.settings.contrast, record.settings.watershed
    assert f"window={contrast.window}," in script
    assert f"seed_threshold={watershed.seed_threshold}," in script
    assert "tile_size" not in script


def test_floats_of_numpy_are_floats(record):
    settings = record.settings.with_overrides(seed_threshold=np.float64(0.7))
    other = replace(record, settings=settings, cell_diameter=np.float64(20.5))
    script = as_python(other, array_ndim=2)
    assert "cell_diameter=20.5," in script
    assert "seed_threshold=0.7," in script


def test_another_model_of_that_name_is_refused(record):
    other = replace(record, model=ModelRecord(name="default", sha256="0" * 64))
    layer = SimpleNamespace(data=np.zeros((9, 9)), multiscale=False)
    viewer = SimpleNamespace(layers={"cells": layer})
    with pytest.raises(SystemExit, match="is not the model"):
        run_script(as_python(other, array_ndim=2), viewer=viewer)


def test_file_read_in_another_way_is_refused(record, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8))
    other = replace(record, source_path=str(path), plane=(0,))
    with pytest.raises(SystemExit, match="Expected the 3 axes"):
        run_script(as_python(other, array_ndim=3))


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/x/a.ome.tif", "tifffile.imread('/x/a.ome.tif')"),
        ("/x/a.npy", "np.load('/x/a.npy')"),
        ("C:\\x\\a.PNG", "iio.imread('C:\\\\x\\\\a.PNG')"),
        ("https://x/a.tif", "iio.imread('https://x/a.tif')"),
        ("/x/a.zarr/0", "magic_imread('/x/a.zarr/0')"),
    ],
)
def test_files_are_read_as_napari_does(record, path, call):
    script = as_python(replace(record, source_path=path), array_ndim=2)
    assert f"image = {call}\n" in script
    compile(script, "copied", "exec")


def test_napari_reads_the_same_pixels(tmp_path):
    """The functions that the script calls, against napari's own reader."""
    from napari_builtins.io import imread

    planes = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    for name in ("a.tif", "b.png"):
        data = planes if name == "a.tif" else planes[0]
        iio.imwrite(tmp_path / name, data)
        read = tifffile.imread if name == "a.tif" else iio.imread
        np.testing.assert_array_equal(
            read(tmp_path / name), imread(str(tmp_path / name))
        )


def test_threads_matter_on_a_cpu_only(record):
    known = replace(record, threads=3)
    assert "set_num_threads" not in as_python(known, array_ndim=2)
    on_cpu = as_python(replace(known, device="cpu"), array_ndim=2)
    assert "import torch\n" in on_cpu
    assert "torch.set_num_threads(3)" in on_cpu


@pytest.mark.parametrize("name", [NASTY, "two\nlines = 1 + None", "x\\", "{y}"])
def test_names_stay_names(record, name):
    layers = {name: SimpleNamespace(data=np.zeros((9, 9)), multiscale=False)}
    script = as_python(replace(record, source_name=name, device="cpu"), array_ndim=2)
    with pytest.warns(UserWarning, match="one single value"):
        labels = run_script(script, viewer=SimpleNamespace(layers=layers))
    assert not labels.any()
    comments = posix_command(replace(record, source_name=name)).splitlines()[:-1]
    assert all(line.startswith("# ") for line in comments)


def test_lineages_are_found_once_all_frames_are_there(record):
    own = {"link": True, "lineages": True, "consecutive_ids": True}
    settings = record.settings.with_overrides(**own)
    movie = replace(record, plane=None, settings=settings)
    script = as_python(movie, array_ndim=3)
    order = ("linker.link(", "track(labels, link=False)", "numbers.renumber(labels[i])")
    places = [script.index(step) for step in order]
    assert places == sorted(places)
    compile(script, "copied", "exec")
    assert {"--link", "--lineages", "TYX"} <= set(posix_command(movie).split())
    assert "track" not in as_python(replace(movie, plane=(1,)), array_ndim=3)


@pytest.mark.parametrize(
    ("ndim", "lines"),
    [
        (3, ["labels = segment(", "    image,"]),
        (
            4,
            [
                "labels = np.zeros(image.shape, np.int32)",
                "for i in range(image.shape[0]):",
                "    labels[i] = segment(",
                "        image[i],",
            ],
        ),
    ],
    ids=["volume", "time-lapse of volumes"],
)
def test_volumes_are_one_call_each(record, ndim, lines):
    settings = record.settings.with_overrides(volume=True, z_spacing=2.5)
    script = as_python(replace(record, plane=None, settings=settings), array_ndim=ndim)
    assert "\n".join(lines) in script
    assert "volume=True," in script
    assert "z_spacing=2.5," in script
    alone = settings.with_overrides(volume=False, bridge=3, min_z_extent=2)
    script = as_python(replace(record, plane=None, settings=alone), array_ndim=ndim)
    assert not any(word in script for word in ("z_spacing", "bridge", "extent"))
    compile(script, "copied", "exec")
