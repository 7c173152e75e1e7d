"""PNG and JPEG: values, depth and colours as they are in the file."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine.images.pixels import random_pixels, write_picture

from napari_dinocell.engine.images.image_files import open_image


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "shape", "dtype"),
        [
            ("a.png", (20, 30), "uint8"),
            ("a.png", (20, 30), "uint16"),
            ("a.png", (20, 30, 3), "uint8"),
            ("a.png", (20, 30, 3), "uint16"),
            ("a.png", (20, 30, 4), "uint8"),
            ("Größe_細胞.png", (20, 30), "uint8"),
            ("A.PNG", (20, 30), "uint8"),
        ],
    )
    def test_png_keeps_values_depth_and_colour_order(
        self, tmp_path, name, shape, dtype
    ):
        pixels = random_pixels(*shape, dtype=dtype)
        image = open_image(write_picture(tmp_path / name, pixels))
        assert image.dtype == dtype
        np.testing.assert_array_equal(next(image.pages()), pixels)

    @pytest.mark.parametrize("suffix", [".jpg", ".JPEG"])
    def test_jpeg_keeps_colour_order(self, tmp_path, suffix):
        red = np.zeros((16, 16, 3), np.uint8)
        red[..., 0] = 255
        page = next(open_image(write_picture(tmp_path / f"a{suffix}", red)).pages())
        assert page[8, 8].tolist() == pytest.approx([255, 0, 0], abs=4)

    def test_palette_becomes_colour(self, tmp_path):
        pil_image = pytest.importorskip("PIL.Image")
        indexed = pil_image.new("P", (2, 1))
        indexed.putpalette([10, 20, 30, 200, 100, 50])
        indexed.putpixel((1, 0), 1)
        indexed.save(tmp_path / "a.png")
        page = next(open_image(tmp_path / "a.png").pages())
        assert page[..., :3].tolist() == [[[10, 20, 30], [200, 100, 50]]]

    def test_picture_is_one_page(self, tmp_path):
        image = open_image(write_picture(tmp_path / "a.png", random_pixels(9, 8, 3)))
        assert (image.axes, image.page_count, image.plane_shape) == ("YXS", 1, (9, 8))
