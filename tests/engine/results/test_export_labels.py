"""Every format: what it keeps, and that faults leave the former file and no litter."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import tifffile
from skimage.segmentation import relabel_sequential
from tests.engine.results.label_images import awkward_labels

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.extras import is_installed
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE = Path(__file__).parents[3] / "src"


def here(keys: Iterable[str]) -> list[Any]:
    """Formats as parameters; the one that needs an extra is skipped without it."""
    skip = pytest.mark.skipif(not is_installed("geff"), reason="needs the extra tracks")
    return [pytest.param(key, marks=skip if key == "geff" else ()) for key in keys]


every_format = pytest.mark.parametrize("file_format", here(FORMATS))


def small() -> np.ndarray:
    return np.minimum(awkward_labels(), 1000)


def export(folder: Path, labels: Any, file_format: str, **options: Any) -> Path:
    path = FORMATS[file_format].path(folder, "ж 細胞")
    if FORMATS[file_format].needs_time and labels.ndim == 2:
        labels = np.stack([labels, labels])
    channels = {"image": np.zeros(labels.shape, np.uint8)}
    export_labels(path, labels, file_format, channels=channels, **options)
    return path


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contents_of(path: Path) -> dict[str, bytes]:
    paths = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return {str(p.relative_to(path)): p.read_bytes() for p in paths}


def test_names_of_all_formats_differ():
    assert len({entry.suffix for entry in FORMATS.values()}) == len(FORMATS)


@every_format
def test_missing_folders_are_made_and_nothing_else_is_left(tmp_path, file_format):
    path = export(tmp_path / "new" / "deep", small(), file_format)
    assert files_in(path.parent) == [path.name]


@every_format
def test_labels_without_cells_are_a_file_and_no_crash(tmp_path, file_format):
    path = export(tmp_path, np.zeros((5, 6), np.int32), file_format)
    assert all(contents_of(path).values() if file_format != "ctc" else [path.exists()])


@every_format
def test_ids_are_consecutive_in_all_formats_if_asked_for(tmp_path, file_format):
    """As if the labels had been so from the beginning."""
    labels = small()
    numbered = relabel_sequential(labels)[0]
    assert labels.max() > numbered.max()
    first = export(tmp_path / "a", labels, file_format, consecutive_ids=True)
    second = export(tmp_path / "b", numbered, file_format)
    if file_format not in ("ome.tif", "roi"):  # which hold a unique number or the time
        assert contents_of(first) == contents_of(second)
    else:
        plain = export(tmp_path / "c", labels, file_format)
        sizes = [sum(map(len, contents_of(p).values())) for p in (first, second, plain)]
        assert sizes[0] == sizes[1] != sizes[2]


@every_format
@pytest.mark.parametrize("kind", ["uint8", "int64", "bool"])
def test_any_integer_dtype_gives_the_same(tmp_path, file_format, kind):
    labels = (small() > 0).astype(kind)
    first = export(tmp_path / "a", labels, file_format)
    second = export(tmp_path / "b", labels.astype(np.int32), file_format)
    if file_format not in ("ome.tif", "roi"):  # which hold a unique number or the time
        assert contents_of(first) == contents_of(second)


@every_format
def test_what_exists_is_replaced_only_on_demand(tmp_path, file_format):
    path = export(tmp_path, small(), file_format)
    former = contents_of(path)
    with pytest.raises(ExportError, match="exists"):
        export(tmp_path, np.zeros((5, 6), np.int32), file_format)
    assert contents_of(path) == former
    export(tmp_path, np.zeros((5, 6), np.int32), file_format, overwrite=True)
    assert contents_of(path) != former
    assert files_in(tmp_path) == [path.name]


@pytest.mark.parametrize("file_format", here(sorted(set(FORMATS) - {"ome.zarr"})))
def test_folder_in_the_way_is_kept(tmp_path, file_format):
    FORMATS[file_format].path(tmp_path, "ж 細胞").mkdir()
    with pytest.raises(ExportError, match="is kept"):
        export(tmp_path, small(), file_format, overwrite=True)


class Cancelled(Exception):
    pass


@every_format
def test_cancel_leaves_the_former_file_and_no_litter(tmp_path, file_format):
    path = export(tmp_path, small(), file_format)
    former = contents_of(path)

    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        export(
            tmp_path, np.zeros((5, 6), np.int32), file_format,
            overwrite=True, report=cancel,
        )  # fmt: skip
    assert contents_of(path) == former
    assert files_in(tmp_path) == [path.name]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.extras import is_installed
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
noise = np.random.default_rng(0).integers(0, 60_000, (80, 80))
for file_format, path in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    try:
        labels = np.stack([noise] * 2) if FORMATS[file_format].needs_time else noise
        export_labels(Path(path), labels, file_format, channels={"a": labels})
    except ExportError as error:
        print(file_format, "refused:", " ".join(str(error).splitlines()))
"""


@pytest.fixture(scope="module")
def full_disk(tmp_path_factory) -> tuple[dict[str, Path], dict[str, str]]:
    """By format the path that a process of small files wrote to, and what it said."""
    paths = {
        key: entry.path(tmp_path_factory.mktemp("full"), "a")
        for key, entry in FORMATS.items()
    }
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *chain(*paths.items())],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return paths, dict(line.split(" ", 1) for line in result.stdout.splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
@every_format
def test_full_disk_is_an_error_that_leaves_no_litter(full_disk, file_format):
    paths, said = full_disk
    path = paths[file_format]
    assert said[file_format].startswith(f"refused: {path} could not be written")
    assert files_in(path.parent) == []


@every_format
def test_path_that_cannot_be_written_is_a_plain_error(tmp_path, file_format):
    """As a folder without permission is, which does not keep an administrator out."""
    (tmp_path / "a_file").touch()
    with pytest.raises(ExportError, match="could not be written"):
        export(tmp_path / "a_file" / "deep", small(), file_format)


@pytest.mark.parametrize("file_format", ["png", "overlay"])
def test_pictures_refuse_stacks(tmp_path, file_format):
    with pytest.raises(ExportError, match="one plane"):
        export(tmp_path, np.zeros((2, 5, 6), np.int32), file_format)
    export(tmp_path, np.zeros((1, 5, 6), np.int32), file_format)


@every_format
def test_axes_of_unknown_meaning_are_kept_or_refused(tmp_path, file_format):
    labels = np.zeros((1, 5, 6), np.int32)
    if FORMATS[file_format].any_axes:
        export(tmp_path, labels, file_format, axes="Q")
    else:
        with pytest.raises(ExportError, match="axes Q"):
            export(tmp_path, labels, file_format, axes="Q")
        assert files_in(tmp_path) == []


def test_overlay_needs_its_image_in_the_shape_of_the_labels(tmp_path):
    with pytest.raises(ExportError, match="needs the image"):
        export_labels(tmp_path / "a.png", small(), "overlay")
    channels = {"other": np.zeros((9, 9))}
    with pytest.raises(ExportError, match="'other' in the shape of the labels"):
        export_labels(tmp_path / "a.png", small(), "overlay", channels=channels)


def overlay(path: Path, *values: int) -> np.ndarray:
    """Of dark channels with a bright line outside of all cells; as RGB."""
    labels = small()
    channels = {str(n): np.zeros(labels.shape) for n in range(len(values))}
    for image, value in zip(channels.values(), values, strict=True):
        image[11, 5:9] = value
    export_labels(path, labels, "overlay", channels=channels)
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]


@pytest.mark.parametrize(
    ("values", "color"),
    [((9,), (255, 255, 255)), ((0, 9, 9), (0, 255, 255)), ((9, 0), (255, 255, 255))],
    ids=["grey", "colours", "mean"],
)
def test_overlay_takes_grey_colours_and_channels(tmp_path, values, color):
    assert tuple(overlay(tmp_path / "a.png", *values)[11, 6]) == color


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.full((4, 4), -1), id="negative"),
        pytest.param(np.full((4, 4), 2**32), id="too_large"),
        pytest.param(np.zeros((4, 4)), id="float"),
        pytest.param(np.zeros(4, int), id="one_axis"),
        pytest.param(np.zeros((0, 4), int), id="nothing"),
    ],
)
@every_format
def test_what_are_no_labels_is_refused(tmp_path, file_format, labels):
    with pytest.raises(ExportError, match="Expected"):
        export(tmp_path, labels, file_format)
    assert files_in(tmp_path) == []


def test_axes_have_to_name_every_leading_axis(tmp_path):
    with pytest.raises(ExportError, match="letter for each of the 1 axes"):
        export(tmp_path, np.zeros((2, 4, 4), int), "tif", axes="TZ")


@pytest.mark.parametrize("largest", [7, 70_000], ids=["uint16", "uint32"])
@pytest.mark.parametrize(("axes", "shape"), [("", ()), ("Z", (3,)), ("TZ", (2, 3))])
def test_ome_tiff_keeps_axes_pixel_size_and_ids(tmp_path, axes, shape, largest):
    labels = np.zeros((*shape, 20, 30), np.int32)
    labels[..., 4:9, 5:9] = largest
    size = PixelSize(y=0.25, x=0.5, z=2 if "Z" in axes else None)
    export_labels(tmp_path / "a.ome.tif", labels, "ome.tif", axes=axes, pixel_size=size)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.is_ome
    image = open_image(tmp_path / "a.ome.tif")
    assert (image.axes, image.pixel_size) == (f"{axes}YX", size)
    assert image.dtype == (np.uint16 if largest < 2**16 else np.uint32)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.ome.tif"), labels)


class LazyLabels:
    """Says which parts were read."""

    shape = (3, 8, 9)

    def __init__(self) -> None:
        self.read: list[Any] = []

    def __getitem__(self, index: Any) -> np.ndarray:
        self.read.append(index)
        return np.full((8, 9), index[0] + 1, np.int32)


@pytest.mark.parametrize(
    "file_format", here(key for key, entry in FORMATS.items() if entry.stacks)
)
def test_lazy_labels_are_read_page_by_page_and_once(tmp_path, file_format):
    labels, told = LazyLabels(), []
    export_labels(
        FORMATS[file_format].path(tmp_path, "a"), labels, file_format,
        report=lambda *counts: told.append(counts),
    )  # fmt: skip
    turns = 2 if file_format == "ctc" else 1  # of which the first finds the lineage
    assert labels.read == [(0,), (1,), (2,)] * turns
    assert told == [(1, 3), (2, 3), (3, 3)] * turns


def test_more_cells_than_16_bit_counts(tmp_path):
    labels = np.arange(300 * 300, dtype=np.int32).reshape(300, 300)
    export_labels(tmp_path / "a.tif", labels, "tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), labels)
    with pytest.raises(ExportError, match="65535"):
        export_labels(tmp_path / "a.png", labels, "png")
    assert files_in(tmp_path) == ["a.tif"]
