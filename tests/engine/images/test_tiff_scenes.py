"""Which of the images in a TIFF are read."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image

FULL, SMALL = random_pixels(64, 48), random_pixels(16, 12)


def write(path, *pages, ome=False):
    with tifffile.TiffWriter(path, ome=ome) as tiff:
        for pixels, options in pages:
            tiff.write(pixels, photometric="minisblack", **options)
    return path


@pytest.mark.parametrize(
    "preview",
    [
        pytest.param({"subfiletype": 1}, id="reduced"),
        pytest.param({"extratags": [(255, 3, 1, 2, True)]}, id="reduced_as_of_old"),
    ],
)
def test_preview_before_the_full_page_is_not_the_image(tmp_path, preview):
    path = write(tmp_path / "a.tif", (SMALL, preview), (FULL, {}))
    image = open_image(path)
    assert image.other_images == 0
    np.testing.assert_array_equal(next(image.pages()), FULL)


def test_previews_between_pages_do_not_tear_a_stack_apart(tmp_path):
    small = (SMALL, {"subfiletype": 1})
    pages = [(np.roll(FULL, n, 0), {}) for n in range(3)]
    path = write(tmp_path / "a.tif", small, pages[0], small, *pages[1:])
    image = open_image(path)
    assert (image.page_count, image.other_images) == (3, 0)
    found = np.stack(list(image.pages()))
    np.testing.assert_array_equal(found, np.stack([pixels for pixels, _ in pages]))


def test_a_file_of_nothing_but_a_reduced_page_is_read(tmp_path):
    path = write(tmp_path / "a.tif", (SMALL, {"subfiletype": 1}))
    np.testing.assert_array_equal(next(open_image(path).pages()), SMALL)


class TestPositions:
    @pytest.fixture
    def path(self, tmp_path):
        named = [{"metadata": {"axes": "YX", "Name": name}} for name in ("A1", "B2")]
        pages = ((FULL, named[0]), (SMALL, named[1]))
        return write(tmp_path / "a.ome.tif", *pages, ome=True)

    @pytest.mark.parametrize(
        ("scene", "pixels"), [(None, FULL), (0, FULL), (1, SMALL), ("B2", SMALL)]
    )
    def test_are_read_by_number_or_name(self, path, scene, pixels):
        image = open_image(path, scene=scene)
        assert image.scenes == ("A1", "B2")
        np.testing.assert_array_equal(next(image.pages()), pixels)

    @pytest.mark.parametrize("scene", [2, -1, "C3", "2"])
    def test_that_do_not_exist_are_an_error_that_lists_them(self, path, scene):
        with pytest.raises(ImageFileError, match="from 0 to 1, named 'A1', 'B2'"):
            open_image(path, scene=scene)

    def test_each_has_its_own_pixel_size(self, tmp_path):
        sizes = [{"PhysicalSizeX": s, "PhysicalSizeY": s} for s in (0.5, 0.25)]
        pages = [
            (pixels, {"metadata": {"axes": "YX"} | size})
            for pixels, size in zip((FULL, SMALL), sizes, strict=True)
        ]
        path = write(tmp_path / "a.ome.tif", *pages, ome=True)
        found = [open_image(path, scene=n).pixel_size for n in (0, 1)]
        assert [size.x for size in found if size is not None] == [0.5, 0.25]
