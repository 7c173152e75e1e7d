"""A TIFF whose list of pages is damaged never loses pages without a word."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image

PAGES = 6

LAYOUTS = [
    pytest.param({}, id="shaped"),
    pytest.param({"compression": "zlib"}, id="zlib"),
    pytest.param({"imagej": True, "metadata": {"axes": "TYX"}}, id="imagej"),
    pytest.param({"ome": True, "metadata": {"axes": "TYX"}}, id="ome"),
    pytest.param({"metadata": None}, id="bare"),
]


def pointers(path) -> list[int]:
    """Where each page says the place of the next."""
    with tifffile.TiffFile(path) as tiff:
        offsets = [page.offset for page in tiff.pages]
    data = path.read_bytes()
    counts = [struct.unpack_from("<H", data, offset)[0] for offset in offsets]
    return [at + 2 + 12 * n for at, n in zip(offsets, counts, strict=True)]


@pytest.mark.parametrize("options", LAYOUTS)
@pytest.mark.parametrize("value", ["outside", "start", "pixels", "first", "0", "skip"])
def test_damaged_pointer_to_a_page(tmp_path, options, value):
    if options.get("metadata", ...) is None and value in ("0", "skip"):
        pytest.skip("a shorter list of pages that nothing contradicts")
    path = tmp_path / "a.tif"
    pixels = random_pixels(PAGES, 40, 40)
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    data, places = path.read_bytes(), pointers(path)
    with tifffile.TiffFile(path) as tiff:
        offsets = [page.offset for page in tiff.pages]
    for number, place in enumerate(places[:-1]):
        wrong = {
            "outside": len(data) + 9,
            "start": 5,
            "pixels": 300,
            "first": offsets[0],
            "0": 0,
            "skip": offsets[min(number + 2, PAGES - 1)],
        }[value]
        if wrong == offsets[number + 1]:
            continue
        damaged = bytearray(data)
        damaged[place : place + 4] = struct.pack("<I", wrong)
        path.write_bytes(damaged)
        with contextlib.suppress(ImageFileError):
            found = np.stack(list(open_image(path).pages()))
            # The pixels lie in one piece, and the description says how many.
            np.testing.assert_array_equal(found, pixels)


def test_description_of_a_file_that_was_cropped_is_no_damage(tmp_path):
    pixels = random_pixels(20, 30)
    text = '{"shape": [6, 40, 40]}'
    tifffile.imwrite(tmp_path / "a.tif", pixels, description=text, metadata=None)
    assert open_image(tmp_path / "a.tif").page_count == 1


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}])
@pytest.mark.parametrize("rows", [1, 24])
def test_height_beyond_all_strips_is_refused_at_once(tmp_path, options, rows):
    """Reading billions of rows that are not there took hours."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, random_pixels(24, 20), rowsperstrip=rows, **options)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags["ImageLength"].overwrite(47_535_447)
    with pytest.raises(ImageFileError, match=r"a\.tif"):
        next(open_image(path).pages())
