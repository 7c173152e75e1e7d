"""What a file is, its content says; the suffix only where that tells nothing."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels, write_picture

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.find_images import find_images
from napari_dinocell.engine.images.image_files import open_image


@pytest.mark.parametrize(
    "name", ["x.lsm", "x.stk", "x.svs", "x.btf", "x.qptiff", "x.TIFF", "x.flex", "x"]
)
def test_tiff_is_read_under_any_name(tmp_path, name):
    pixels = random_pixels(20, 30)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    path = (tmp_path / "a.tif").rename(tmp_path / name)
    np.testing.assert_array_equal(next(open_image(path).pages()), pixels)


def test_png_that_is_called_tiff_is_read(tmp_path):
    pixels = random_pixels(20, 30)
    path = write_picture(tmp_path / "a.png", pixels).rename(tmp_path / "a.tif")
    np.testing.assert_array_equal(next(open_image(path).pages()), pixels)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((20, 30), "YX"), ((20, 30, 3), "YXS"), ((5, 20, 30), "QYX")],
)
def test_arrays_of_numpy_are_images(tmp_path, shape, axes):
    pixels = random_pixels(*shape, dtype="uint16")
    np.save(tmp_path / "a.npy", pixels)
    image = open_image(tmp_path / "a.npy")
    assert image.axes == axes
    pages = np.stack(list(image.pages()))
    np.testing.assert_array_equal(pages.reshape(shape), pixels)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.zeros((4, 4), complex), id="complex"),
        pytest.param(np.zeros(4), id="one_axis"),
        pytest.param(np.zeros((0, 4)), id="empty"),
        pytest.param(np.array([["a"]]), id="text"),
        pytest.param(np.array([{}], object), id="pickle"),
    ],
)
def test_arrays_that_are_no_images_are_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ImageFileError, match=r"a\.npy"):
        open_image(tmp_path / "a.npy")


def test_folders_give_images_of_all_these_kinds(tmp_path):
    names = ["a.lsm", "b.npy", "c.czi", "d.svs", "e.PNG"]
    for name in [*names, "b_seg.npy", "notes.md"]:
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in find_images([tmp_path])] == names
