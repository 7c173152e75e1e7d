"""Dimensions that a file does not name are asked for where they can be anything."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image


@pytest.fixture(params=["tif", "npy"])
def write(request, tmp_path):
    path = tmp_path / f"a.{request.param}"

    def write(pixels):
        if request.param == "tif":
            tifffile.imwrite(path, pixels, photometric="minisblack")
        else:
            np.save(path, pixels)
        return path

    return write


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        pytest.param((64, 48, 2), "--axes YXC;.*48 x 2 pixels, --axes TYX", id="two"),
        pytest.param((64, 48, 5), "--axes YXC", id="five"),
        pytest.param((3, 64, 48, 2), "--axes TYXC;.*--axes TZYX", id="stack"),
        pytest.param((2, 3, 64, 48), "--axes TZYX", id="four"),
        pytest.param((2, 3, 2, 64, 48), "--axes TZCYX", id="five_axes"),
    ],
)
def test_the_axes_to_give_are_named(write, shape, hint):
    with pytest.raises(ImageFileError, match=hint):
        open_image(write(random_pixels(*shape)))


@pytest.mark.parametrize(
    ("shape", "axes", "counts", "page_shape"),
    [
        ((64, 48, 2), "YXC", (), (2, 64, 48)),
        ((2, 3, 64, 48), "TZYX", (2, 3), (64, 48)),
        ((2, 3, 64, 48), "TCYX", (2,), (3, 64, 48)),
    ],
)
def test_what_is_given_is_taken(write, shape, axes, counts, page_shape):
    pixels = random_pixels(*shape)
    image = open_image(write(pixels), axes=axes)
    pages = list(image.pages())
    assert image.page_counts == counts
    assert {page.shape for page in pages} == {page_shape}
    if axes == "YXC":
        np.testing.assert_array_equal(pages[0], np.moveaxis(pixels, -1, 0))


@pytest.mark.parametrize("shape", [(40, 20, 30), (2, 40, 9), (9, 8, 7)])
def test_three_dimensions_are_pages_where_they_look_like_it(write, shape):
    assert open_image(write(random_pixels(*shape))).page_counts == shape[:1]
