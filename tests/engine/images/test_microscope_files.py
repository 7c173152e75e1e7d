"""Formats of microscopes, through bioio: real CZI, and a stand-in for all others."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize

if TYPE_CHECKING:
    from pathlib import Path

STACK = np.arange(3 * 2 * 1 * 8 * 9, dtype=np.uint16).reshape(3, 2, 1, 8, 9)
"""Axes T, C, Z, Y and X."""


class UnsupportedFileFormatError(Exception):
    """What bioio raises."""


class FakeImage:
    """As much of bioio's `BioImage` as is used."""

    scenes = ("first", "second")
    physical_pixel_sizes = SimpleNamespace(Z=None, Y=0.325, X=0.325)
    time_interval: Any = timedelta(seconds=30)

    def __init__(self, path: Path) -> None:
        if path.suffix == ".oir":
            raise UnsupportedFileFormatError
        self.set_scene(0)

    def set_scene(self, number: int) -> None:
        data = STACK if number == 0 else STACK[:1, :, :, :6, :5] + 1000
        self.dask_data = da.from_array(data, chunks=(1, 1, 1, -1, -1))
        self.shape, self.dtype = data.shape, data.dtype
        self.dims = SimpleNamespace(order="TCZYX", Z=1)


@pytest.fixture
def bioio(monkeypatch: pytest.MonkeyPatch) -> type[FakeImage]:
    module, base = ModuleType("bioio"), ModuleType("bioio_base.exceptions")
    module.BioImage = FakeImage  # type: ignore[attr-defined]
    base.UnsupportedFileFormatError = UnsupportedFileFormatError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bioio", module)
    monkeypatch.setitem(sys.modules, "bioio_base", ModuleType("bioio_base"))
    monkeypatch.setitem(sys.modules, "bioio_base.exceptions", base)
    return FakeImage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.nd2").write_bytes(b"\xda\xce\xbe\x0a rest")
    return tmp_path / "a.nd2"


@pytest.mark.usefixtures("bioio")
def test_axes_pixels_and_size(path: Path) -> None:
    image = open_image(path)
    assert (image.axes, image.shape) == ("TCYX", (3, 2, 8, 9))
    assert image.pixel_size == PixelSize(y=0.325, x=0.325, t=30)
    np.testing.assert_array_equal(np.stack(list(image.pages())), STACK[:, :, 0])
    assert image.channel_axis == 0


@pytest.mark.usefixtures("bioio")
@pytest.mark.parametrize("scene", [1, "1", "second"])
def test_scene_of_choice(path: Path, scene: int | str) -> None:
    image = open_image(path, scene=scene)
    assert (image.axes, image.scene, image.scenes) == ("CYX", 1, ("first", "second"))
    np.testing.assert_array_equal(next(image.pages()), STACK[0, :, 0, :6, :5] + 1000)


@pytest.mark.usefixtures("bioio")
def test_scene_that_is_not_there(path: Path) -> None:
    with pytest.raises(ImageFileError, match="from 0 to 1, named 'first', 'second'"):
        open_image(path, scene=2)


@pytest.mark.usefixtures("bioio")
def test_axes_can_be_corrected(path: Path) -> None:
    assert open_image(path, axes="ZCYX").page_axes == "Z"


def test_pixels_without_a_size(path: Path, bioio: type[FakeImage], monkeypatch) -> None:
    nothing = SimpleNamespace(Z=None, Y=None, X=None)
    monkeypatch.setattr(bioio, "physical_pixel_sizes", nothing)
    assert open_image(path).pixel_size == PixelSize(y=1, x=1, unit=None, t=30)
    monkeypatch.setattr(bioio, "time_interval", None)
    assert open_image(path).pixel_size is None


def test_the_extra_is_named_where_it_is_missing(path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "bioio", None)
    with pytest.raises(
        ImageFileError, match=r'pip install "napari-dinocell\[formats\]'
    ):
        open_image(path)


@pytest.mark.usefixtures("bioio")
def test_what_no_reader_takes_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.oir").write_bytes(b"x")
    with pytest.raises(ImageFileError, match=r"a\.oir is damaged, or of a format"):
        open_image(tmp_path / "a.oir")


def test_czi_as_the_library_of_its_makers_writes_it(tmp_path: Path) -> None:
    pytest.importorskip("bioio_czi", reason="needs the extra formats")
    czi = pytest.importorskip("pylibCZIrw.czi", reason="needs the extra formats")
    pixels = np.arange(2 * 20 * 30, dtype=np.uint16).reshape(2, 20, 30)
    with czi.create_czi(str(tmp_path / "a.czi")) as writer:
        for channel, plane in enumerate(pixels):
            place = {"C": channel, "T": 0, "Z": 0}
            writer.write(plane[..., None], plane=place)
        writer.write_metadata("a", scale_x=0.325e-6, scale_y=0.325e-6)
    image = open_image(tmp_path / "a.czi")
    assert image.axes == "CYX"
    np.testing.assert_array_equal(next(image.pages()), pixels)
    assert image.pixel_size is not None
    assert image.pixel_size.x == pytest.approx(0.325)
