"""A corrections folder: what goes in comes out, whatever happens meanwhile."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile
from tests.engine.drawings.tissue import as_uint8, stained
from tests.training.conftest import draw_cells

from dinocell_training.corrections import pixel_files as corrections_files
from dinocell_training.corrections.folder import (
    Corrections,
    DamagedExample,
    Example,
    Origin,
)
from dinocell_training.corrections.importing import import_pairs
from napari_dinocell.engine.config import ContrastConfig, SegmentConfig
from napari_dinocell.engine.errors import ExportError, TrainingDataError
from napari_dinocell.engine.images.pixel_size import PixelSize

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = Origin(image="cells.tif")


@pytest.fixture
def folder(tmp_path: Path) -> Corrections:
    return Corrections(tmp_path / "corrections")


@pytest.mark.parametrize("is_stained", [True, False])
def test_settings_that_leave_the_channel_open_are_settled(folder, is_stained):
    image = as_uint8(stained() if is_stained else 1 - stained())
    labels = np.zeros(image.shape[:2], np.int32)
    labels[30:40, 30:40] = 1
    origin = Origin(image="a", image_sha256=None, settings=SegmentConfig())
    added = folder.add(image, labels, origin=origin)
    expected = "hematoxylin" if is_stained else "gray"
    assert added.origin.settings.channel == expected


@pytest.mark.parametrize(
    ("shape", "dtype", "axes"),
    [
        ((40, 50), np.uint16, "YX"),
        ((40, 50, 3), np.uint8, "YXS"),
        ((2, 40, 50), np.float32, "CYX"),
    ],
)
def test_an_example_comes_back_as_it_was(folder, shape, dtype, axes):
    image = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    labels = np.zeros((40, 50), np.int64)
    labels[10:20, 10:20] = 70_000
    verified = np.zeros((40, 50), bool)
    verified[5:25] = True
    origin = Origin(
        image="stack.tif",
        image_sha256="ab" * 32,
        page=(3, 1),
        corner=(100, 200),
        settings=SegmentConfig(
            channel=0 if axes == "CYX" else "gray",
            contrast=ContrastConfig(clahe=False),
            cell_diameter=31.5,
        ),
        measured_diameter=30.0,
        intensity_limits=(3.0, 180.5),
        pixel_size=PixelSize(y=0.3, x=0.3),
    )
    added = folder.add(image, labels, verified, origin=origin)
    assert added.doubt is None
    (listed,) = Corrections(folder.folder).entries()
    assert listed == added
    assert (listed.axes, listed.shape, listed.cells) == (axes, (40, 50), 1)
    assert listed.origin == origin
    assert listed.verified_share == 0.5
    pixels = folder.read(listed.name)
    assert pixels.image.dtype == dtype
    np.testing.assert_array_equal(pixels.image, image)
    np.testing.assert_array_equal(pixels.labels, labels)
    np.testing.assert_array_equal(pixels.verified, verified)


def test_the_files_are_plain_tiffs_and_a_small_picture(folder):
    image, labels = draw_cells(0)
    example = folder.add(image, labels, origin=ORIGIN)
    assert sorted(path.name for path in example.folder.iterdir()) == [
        "example.json",
        "image.tif",
        "labels.tif",
        "thumbnail.png",
        "verified.tif",
    ]
    np.testing.assert_array_equal(
        tifffile.imread(example.folder / "labels.tif"), labels
    )
    assert max(cv2.imread(str(example.thumbnail)).shape) == 96


def test_examples_are_listed_by_age_without_their_pixels(folder, monkeypatch):
    names = [folder.add(*draw_cells(n), origin=ORIGIN).name for n in range(3)]
    monkeypatch.setattr(tifffile, "imread", None)
    assert [example.name for example in folder.examples()] == names


def test_a_removed_example_is_kept_and_can_be_restored(folder):
    example = folder.add(*draw_cells(0), origin=ORIGIN)
    folder.remove(example.name)
    assert folder.entries() == []
    assert [e.name for e in folder.removed()] == [example.name]
    folder.restore(example.name)
    assert folder.entries() == [example]
    with pytest.raises(TrainingDataError, match="no example"):
        folder.remove("../corrections")


def test_labels_of_another_size_are_refused(folder):
    image, labels = draw_cells(0)
    with pytest.raises(TrainingDataError, match=r"\(80, 96\) pixels, got \(80, 95\)"):
        folder.add(image, labels[:, 1:], origin=ORIGIN)
    with pytest.raises(TrainingDataError, match="verified mask"):
        folder.add(image, labels, np.ones((3, 3), bool), origin=ORIGIN)
    assert not folder.folder.exists()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((8, 8), bool), "integer instance ids"),
        (np.full((8, 8), -1), "from 0"),
    ],
)
def test_what_is_no_labels_is_refused(folder, labels, message):
    with pytest.raises(TrainingDataError, match=message):
        folder.add(np.zeros((8, 8)), labels, origin=ORIGIN)


@pytest.mark.parametrize("shape", [(8, 8, 8, 8), (0, 8)])
def test_what_is_no_plane_is_refused(folder, shape):
    with pytest.raises(TrainingDataError, match="single plane"):
        folder.add(np.zeros(shape), np.zeros((8, 8), int), origin=ORIGIN)


def test_an_image_that_cannot_be_segmented_is_refused(folder):
    with pytest.raises(TrainingDataError, match="complex64"):
        folder.add(np.ones((8, 8), np.complex64), np.eye(8, dtype=int), origin=ORIGIN)


def test_nothing_verified_teaches_nothing(folder):
    image, labels = draw_cells(0)
    with pytest.raises(TrainingDataError, match="Nothing in this region is verified"):
        folder.add(image, labels, np.zeros(labels.shape, bool), origin=ORIGIN)


def test_background_alone_is_allowed_and_said(folder):
    image, labels = draw_cells(0)
    example = folder.add(image, np.zeros_like(labels), origin=ORIGIN)
    assert "no cell" in example.doubt
    cut = np.zeros_like(labels)
    cut[0:9, 10:20] = 1
    assert "cut by the border" in folder.add(image, cut, origin=ORIGIN).doubt


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    kept = folder.add(*draw_cells(0), origin=ORIGIN)

    def no_space(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(corrections_files.tifffile, "imwrite", no_space)
    with pytest.raises(ExportError, match="No space left"):
        folder.add(*draw_cells(1), origin=ORIGIN)
    assert os.listdir(folder.folder) == [kept.name]


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    """A file where the folder should be: refused by every system, also for root."""
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(ExportError, match="could not be written"):
        Corrections(tmp_path / "taken").add(*draw_cells(0), origin=ORIGIN)


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a user whom permissions stop",
)
def test_a_read_only_folder_says_so(folder):
    folder.folder.mkdir()
    folder.folder.chmod(0o500)
    try:
        with pytest.raises(ExportError, match="Permission denied"):
            folder.add(*draw_cells(0), origin=ORIGIN)
    finally:
        folder.folder.chmod(0o700)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: (path / "example.json").unlink(), id="no record"),
        pytest.param(lambda path: (path / "example.json").write_text("{"), id="cut"),
        pytest.param(lambda path: _edit(path, format_version=9), id="newer"),
        pytest.param(lambda path: _edit(path, axes="ZYX"), id="odd axes"),
        pytest.param(lambda path: _edit(path, origin={}), id="no origin"),
        pytest.param(lambda path: _edit(path, cells="many"), id="no number"),
        pytest.param(lambda path: _edit(path, created=5), id="no time"),
        pytest.param(lambda path: _edit(path, verified_share=None), id="no share"),
    ],
)
def test_a_damaged_record_is_named_and_the_others_stay_usable(folder, damage):
    bad, good = (folder.add(*draw_cells(n), origin=ORIGIN) for n in range(2))
    damage(bad.folder)
    first, second = folder.entries()
    assert isinstance(first, DamagedExample)
    assert bad.name in first.reason
    assert second == good
    with pytest.raises(TrainingDataError, match=bad.name):
        folder.read(bad.name)
    folder.remove(bad.name)
    assert folder.entries() == [good]


def _edit(path: Path, **changes: object) -> None:
    record = path / "example.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | changes))


def test_damaged_pixels_are_named(folder):
    example = folder.add(*draw_cells(0), origin=ORIGIN)
    (example.folder / "labels.tif").write_bytes(b"II*\0")
    with pytest.raises(TrainingDataError, match=f"{example.name} is damaged"):
        folder.read(example.name)
    tifffile.imwrite(example.folder / "labels.tif", np.zeros((5, 5), np.uint16))
    with pytest.raises(TrainingDataError, match=r"'labels': \(5, 5\)"):
        folder.read(example.name)


def test_pairs_of_files_are_imported_and_a_bad_one_is_named(folder, pair_folder):
    cv2.imwrite(str(pair_folder / "cells3_label.png"), np.zeros((4, 4), np.uint8))
    results = list(import_pairs(folder, pair_folder, ignore_border=5))
    assert [r.index for r in results] == [1, 2, 3, 4, 5, 6]
    (bad,) = [r for r in results if r.error]
    assert bad.name == "cells3.png"
    assert bad.example is None
    assert len(folder.examples()) == 5
    pixels = folder.read(results[0].example.name)
    np.testing.assert_array_equal(
        pixels.image, cv2.imread(str(pair_folder / "cells0.png"), -1)
    )
    assert not pixels.verified[:5].any()
    assert pixels.verified[5:-5, 5:-5].all()


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from dinocell_training.corrections.folder import Corrections, Origin
folder = Corrections(Path(sys.argv[1]))
image, labels = np.load(sys.argv[2])
print("ready", flush=True)
while True:
    folder.add(image, labels, origin=Origin(image="a"))
    print("added", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
def test_every_example_survives_kill_9_whole(folder, tmp_path):
    """Killed at random moments of writing: what was added is there, nothing half."""
    np.save(tmp_path / "cells.npy", draw_cells(0, (200, 200)))
    rng, promised = random.Random(0), 0
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, folder.folder, tmp_path / "cells.npy"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "added\n"
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        promised += 1 + process.stdout.read().count("added")
        process.stdout.close()
        assert process.wait(timeout=60) == -signal.SIGKILL
    entries = folder.entries()
    assert len(entries) >= promised
    for entry in entries:
        assert isinstance(entry, Example)
        assert folder.read(entry.name).labels.shape == (200, 200)
        assert entry.thumbnail.is_file()
