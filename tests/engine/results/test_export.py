"""Labels on disk: the right ids, whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.export import open_labels, write_labels

SOURCE = Path(__file__).parents[3] / "src"


def some_labels(*shape: int, largest: int = 7) -> np.ndarray:
    labels = np.random.default_rng(0).integers(0, 5, shape).astype(np.int32)
    labels.flat[0] = largest
    return labels


def read_back(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".png":
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    return tifffile.imread(path)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "largest", "dtype"),
    [
        ("a.tif", 7, "uint16"),
        ("a.tif", 65_535, "uint16"),
        ("a.tif", 65_536, "uint32"),
        ("a.png", 65_535, "uint16"),
        ("a.npy", 7, "uint16"),
        ("a.npy", 70_000, "uint32"),
    ],
)
def test_ids_survive_in_the_smallest_dtype_that_holds_them(
    tmp_path, name, largest, dtype
):
    labels = some_labels(20, 30, largest=largest)
    write_labels(tmp_path / name, labels)
    found = read_back(tmp_path / name)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, labels)
    assert files_in(tmp_path) == [name]


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_stack_takes_the_dtype_of_its_largest_page(tmp_path, suffix):
    """The last page alone needs 32 bit; earlier ones were taken as 16 bit."""
    labels = some_labels(3, 20, 30)
    labels[2, 5, 5] = 100_000
    write_labels(tmp_path / f"a{suffix}", labels)
    found = read_back(tmp_path / f"a{suffix}")
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize("largest", [7, 70_000], ids=["uint16", "uint32"])
@pytest.mark.parametrize(
    ("axes", "shape"),
    [("", (20, 30)), ("T", (3, 20, 30)), ("TZ", (2, 3, 20, 30)), ("Q", (3, 20, 30))],
)
def test_tiff_keeps_axes_and_pixel_size(tmp_path, axes, shape, largest):
    labels = some_labels(*shape, largest=largest)
    size = PixelSize(y=0.25, x=0.5, unit="µm")
    write_labels(tmp_path / "a.tif", labels, axes=axes, pixel_size=size)
    image = open_image(tmp_path / "a.tif")
    assert image.axes == f"{axes}YX"
    assert image.pixel_size is not None
    assert image.pixel_size.unit == "µm"
    assert (image.pixel_size.y, image.pixel_size.x) == pytest.approx((0.25, 0.5))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), labels)


def test_depth_spacing_and_other_units_are_kept(tmp_path):
    size = PixelSize(y=66, x=65, z=200, unit="nm")
    write_labels(tmp_path / "a.tif", some_labels(3, 9, 9), axes="Z", pixel_size=size)
    found = open_image(tmp_path / "a.tif").pixel_size
    assert found is not None
    assert (found.y, found.x, found.z) == pytest.approx((66, 65, 200))
    assert found.unit == "nm"


def test_unknown_pixel_size_stays_unknown(tmp_path):
    write_labels(tmp_path / "a.tif", some_labels(9, 9))
    assert open_image(tmp_path / "a.tif").pixel_size is None


def test_tiff_is_compressed(tmp_path):
    write_labels(tmp_path / "a.tif", np.ones((500, 500), np.int32))
    assert (tmp_path / "a.tif").stat().st_size < 10_000


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_memory_does_not_grow_with_the_stack(tmp_path, suffix):
    page = np.arange(300 * 300, dtype=np.int32).reshape(300, 300)  # 0.36 MB
    tracemalloc.start()
    with open_labels(tmp_path / f"a{suffix}", axes="T", counts=(25,)) as pages:
        for _ in range(25):
            pages.add(page)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3e6


def test_missing_folders_are_made(tmp_path):
    write_labels(tmp_path / "new" / "deep" / "a.npy", some_labels(4, 4))
    assert (tmp_path / "new" / "deep" / "a.npy").is_file()


def test_permissions_are_those_of_any_new_file(tmp_path):
    write_labels(tmp_path / "a.tif", some_labels(4, 4))
    (tmp_path / "other").touch()
    assert (tmp_path / "a.tif").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("name", "labels", "reason"),
    [
        pytest.param("a.png", some_labels(9, 9, largest=65_536), "65535", id="png_ids"),
        pytest.param("a.png", some_labels(2, 9, 9), "one page", id="png_stack"),
        pytest.param("a.jpg", some_labels(9, 9), r"ending in \.tif", id="suffix"),
        pytest.param("a.tif", -some_labels(9, 9), "ids from 0", id="negative"),
        pytest.param("a.tif", np.zeros((9, 9)), "integer labels", id="float"),
        pytest.param("a.tif", np.zeros((0, 9, 9), int), "Expected 0 pages", id="none"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, name, labels, reason):
    (tmp_path / name).write_bytes(b"former")
    with pytest.raises(ExportError, match=reason):
        write_labels(tmp_path / name, labels)
    assert (tmp_path / name).read_bytes() == b"former"
    assert files_in(tmp_path) == [name]


def add_two(path: Path, first: Any, second: Any) -> None:
    with open_labels(path, axes="T", counts=(2,)) as pages:
        pages.add(first)
        pages.add(second)


def test_pages_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ExportError, match="of shape"):
        add_two(tmp_path / "a.tif", some_labels(9, 9), some_labels(9, 8))
    assert files_in(tmp_path) == []


def test_missing_page_is_refused(tmp_path):
    with (
        pytest.raises(ExportError, match="Expected 2 pages"),
        open_labels(tmp_path / "a.tif", axes="T", counts=(2,)) as pages,
    ):
        pages.add(some_labels(9, 9))
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_interruption_leaves_the_former_file_and_no_litter(tmp_path, error):
    former_labels = some_labels(9, 9)
    write_labels(tmp_path / "a.tif", former_labels)
    former = (tmp_path / "a.tif").read_bytes()
    interrupted = SimpleNamespace(shape=(9, 9), ndim=2, dtype=former_labels.dtype)
    interrupted.min = Mock(side_effect=error)
    with pytest.raises(error):
        add_two(tmp_path / "a.tif", some_labels(9, 9), interrupted)
    assert (tmp_path / "a.tif").read_bytes() == former
    assert files_in(tmp_path) == ["a.tif"]


def test_failed_move_leaves_the_former_file(tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(b"former")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "the file is open elsewhere")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ExportError, match="open elsewhere"):
        write_labels(tmp_path / "a.tif", some_labels(9, 9))
    assert (tmp_path / "a.tif").read_bytes() == b"former"
    assert files_in(tmp_path) == ["a.tif"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.results.export import write_labels
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
noise = np.random.default_rng(0).integers(0, 60_000, (400, 400))
try:
    write_labels(Path(sys.argv[1]), noise)
except ExportError as error:
    print("refused:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
@pytest.mark.parametrize("suffix", [".tif", ".png", ".npy"])
def test_full_disk_is_an_error_that_leaves_no_litter(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"former")
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.startswith("refused:"), result.stderr
    assert path.read_bytes() == b"former"
    assert files_in(tmp_path) == [path.name]
