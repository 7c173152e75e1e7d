"""Parts of pages: the same pixels as numpy gives of the whole."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from tests.ome_zarr_stores import write_image

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image

PIXELS = np.random.default_rng(0).integers(0, 255, (2, 3, 20, 30)).astype(np.uint8)
PARTS = [np.s_[:, :, :], np.s_[2:5, :, :], np.s_[1:3, 4:9, :], np.s_[3:, 5:7, :2]]
"""Rows, columns, channels."""


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["channels", "grey", "colours"])
def test_parts_are_those_of_the_whole(tmp_path, kind, part):
    if kind == "channels":
        write_image(tmp_path / "a.zarr", PIXELS, "tcyx")
        image, page, whole = open_image(tmp_path / "a.zarr"), 1, PIXELS[1]
    elif kind == "grey":
        write_image(tmp_path / "a.zarr", PIXELS[:, 0], "tyx")
        image, page, whole = open_image(tmp_path / "a.zarr"), 1, PIXELS[1, 0]
    else:
        whole = np.ascontiguousarray(np.moveaxis(PIXELS[0], 0, -1))
        np.save(tmp_path / "a.npy", whole)
        image, page = open_image(tmp_path / "a.npy"), 0
    rows, columns, channels = part
    of = {"channels": (channels, rows, columns), "grey": (rows, columns)}
    expected = whole[of.get(kind, part)]
    found = image.window(page, rows, columns, channels=channels)
    assert found.dtype == whole.dtype
    np.testing.assert_array_equal(found, expected)
    if kind != "colours":  # a memory map goes nowhere
        copy = pickle.loads(pickle.dumps(image))
        found = copy.window(page, rows, columns, channels=channels)
        np.testing.assert_array_equal(found, expected)


def test_one_channel_reads_no_other(tmp_path):
    """The chunks of the others are damaged: reading them would fail."""
    path = write_image(tmp_path / "a.zarr", PIXELS, "tcyx", chunks=(1, 1, 20, 30))
    for chunk in (path / "s0" / "c").rglob("0"):
        if chunk.is_file() and chunk.relative_to(path).parts[3] != "2":
            chunk.write_bytes(b"damaged")
    image, wanted = open_image(path), np.s_[3:8, 5:]
    found = image.window(1, *wanted, channels=slice(2, 3))
    np.testing.assert_array_equal(found, PIXELS[1, 2:3, 3:8, 5:])
    with pytest.raises(ImageFileError, match="cannot be read"):
        image.window(1, slice(None), slice(None))
