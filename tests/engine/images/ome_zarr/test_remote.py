"""OME-Zarr at an address: read in parts, and told apart where nobody answers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.ome_zarr_stores import write_image, write_plate

from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.errors import ExportError, ImageFileError
from napari_dinocell.engine.images.find_images import search_images
from napari_dinocell.engine.images.ome_zarr import node
from napari_dinocell.engine.images.ome_zarr.image import open_ome_zarr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

fsspec = pytest.importorskip("fsspec")

PIXELS = np.arange(2 * 8 * 6, dtype=np.uint16).reshape(2, 8, 6)


@pytest.fixture
def upload() -> Callable[[Path], str]:
    """Copy a store into the memory of this process, which has addresses, too."""
    memory = fsspec.filesystem("memory")

    def copy(path: Path) -> str:
        for file in path.rglob("*"):
            if file.is_file():
                inside = file.relative_to(path.parent).as_posix()
                memory.pipe(f"/{inside}", file.read_bytes())
        shutil.rmtree(path)
        return f"memory://{path.name}"

    yield copy
    memory.store.clear()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_elsewhere(tmp_path, upload, version):
    url = upload(write_image(tmp_path / "a.zarr", PIXELS, "tyx", version=version))
    image = open_ome_zarr(url)
    assert image.axes == "TYX"
    np.testing.assert_array_equal(list(image.pages()), PIXELS)
    np.testing.assert_array_equal(
        image.window(1, slice(2, 5), slice(3)), PIXELS[1, 2:5, :3]
    )


def test_results_are_called_by_the_last_part_of_the_address(tmp_path, upload):
    url = upload(write_plate(tmp_path / "p.zarr", {"A/1": [PIXELS[0], PIXELS[1]]}))
    found = search_images([f"{url}/"])
    targets = plan_targets(found, tmp_path, "npy")
    assert [target.name for target in targets] == [f"{url}/A/1/0", f"{url}/A/1/1"]
    assert targets[1].labels == tmp_path / "p_A_1_1_labels.npy"
    np.testing.assert_array_equal(next(targets[1].open().pages()), PIXELS[1])
    with pytest.raises(ExportError, match="is no OME-Zarr on a disk"):
        plan_targets(found, IntoImage())


def test_nothing_at_an_address():
    with pytest.raises(ImageFileError, match="found no Zarr there"):
        open_ome_zarr("memory://nothing.zarr")


def test_an_address_that_does_not_answer(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("zarr.open_group", refuse)
    with pytest.raises(ImageFileError, match="does not answer: timed out"):
        open_ome_zarr("https://example.invalid/a.zarr")


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise ImportError("No module named 'aiohttp'")

    monkeypatch.setattr("zarr.open_group", refuse)
    with pytest.raises(ImageFileError, match=r"aiohttp.*napari-dinocell\[remote\]"):
        open_ome_zarr("https://example.invalid/a.zarr")


@pytest.mark.parametrize(
    ("text", "is_url"),
    [("https://a/b", True), ("s3://b/c", True), ("/a/b", False), ("C:/a", False)],
)
def test_addresses_are_told_from_folders(text, is_url):
    assert node.is_url(text) is is_url
