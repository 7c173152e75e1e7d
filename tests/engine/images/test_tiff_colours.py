"""Numbers that stand for colours become these colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels

from napari_dinocell.engine.images.image_files import open_image

if TYPE_CHECKING:
    from napari_dinocell.engine.images.image_file import ImageFile


def only_page(image: ImageFile) -> np.ndarray:
    (page,) = image.pages()
    return page


@pytest.fixture(params=[None, "zlib"])
def compression(request):
    return request.param


class TestPalettes:
    def write(self, path, table, pixels, **options):
        tifffile.imwrite(path, pixels, photometric="palette", colormap=table, **options)
        return path

    def test_of_greys_in_any_order_is_a_grey_image(self, tmp_path, compression):
        order = np.random.default_rng(0).permutation(256)
        table = np.zeros((3, 256), np.uint16)
        table[:, order] = np.arange(256, dtype=np.uint16) * 257
        grey = random_pixels(20, 30)
        index = order[grey].astype(np.uint8)
        path = self.write(tmp_path / "a.tif", table, index, compression=compression)
        image = open_image(path)
        assert (image.axes, image.dtype) == ("YX", np.uint8)
        np.testing.assert_array_equal(only_page(image), grey)

    def test_of_colours_is_a_colour_image_on_every_page(self, tmp_path, compression):
        table = np.random.default_rng(1).integers(0, 65536, (3, 256), np.uint16)
        index = random_pixels(4, 20, 30)
        path = self.write(tmp_path / "a.tif", table, index, compression=compression)
        image = open_image(path)
        assert (image.axes, image.shape) == ("QYXS", (4, 20, 30, 3))
        assert image.channel_axis is None
        np.testing.assert_array_equal(np.stack(list(image.pages())), table.T[index])

    def test_labels_are_the_numbers_whatever_their_colours(self, tmp_path):
        table = np.random.default_rng(1).integers(0, 65536, (3, 256), np.uint16)
        index = random_pixels(20, 30)
        path = self.write(tmp_path / "a.tif", table, index)
        image = open_image(path, as_labels=True)
        np.testing.assert_array_equal(only_page(image), index)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int16"])
def test_white_that_is_zero_is_white(tmp_path, dtype, compression):
    stored = random_pixels(20, 30, dtype=dtype)
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="miniswhite", compression=compression
    )
    shown = only_page(open_image(tmp_path / "a.tif"))
    assert shown.dtype == stored.dtype
    by_brightness = np.argsort(shown.ravel(), kind="stable")
    assert (np.diff(stored.ravel()[by_brightness].astype(float)) <= 0).all()
    if dtype.startswith("u"):
        np.testing.assert_array_equal(shown, np.iinfo(dtype).max - stored)


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_lab_becomes_rgb(tmp_path, photometric, dtype):
    rgb = cv2.resize(random_pixels(4, 5, 3), (30, 20), interpolation=cv2.INTER_CUBIC)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    steps = np.iinfo(dtype).max
    stored = np.empty(lab.shape, dtype)
    stored[..., 0] = np.rint(lab[..., 0] * (steps / 100))
    chroma = np.rint(lab[..., 1:] * ((steps + 1) / 256)).astype(np.int64)
    shift = 0 if photometric == "cielab" else (steps + 1) // 2
    stored[..., 1:] = (chroma + shift) % (steps + 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=photometric)
    image = open_image(tmp_path / "a.tif")
    assert (image.axes, image.channel_axis) == ("YXS", None)
    error = np.abs(only_page(image).astype(int) - rgb)
    assert error.mean() < (2 if dtype == "uint8" else 0.1)


def test_inks_become_light(tmp_path):
    stored = np.zeros((20, 30, 4), np.uint8)
    stored[..., 0] = 255  # cyan
    stored[:5, :, 3] = 255  # under black
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="separated")
    image = open_image(tmp_path / "a.tif")
    assert image.shape == (20, 30, 3)
    assert only_page(image)[10, 0].tolist() == [0, 255, 255]
    assert only_page(image)[0, 0].tolist() == [0, 0, 0]
