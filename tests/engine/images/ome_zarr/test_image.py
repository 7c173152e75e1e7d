"""OME-Zarr images: any version, order of axes, level and unit, read in parts."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import zarr
from tests.ome_zarr_stores import write_group, write_image

from napari_dinocell.engine.errors import ImageError, ImageFileError
from napari_dinocell.engine.images.find_images import find_images
from napari_dinocell.engine.images.image_files import open_image, scenes_of
from napari_dinocell.engine.images.page_choice import chosen_pages
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.export_labels import export_labels

STACK = np.arange(2 * 3 * 4 * 8 * 6, dtype=np.uint16).reshape(2, 3, 4, 8, 6)
"""Axes t, c, z, y and x."""


def in_order(axes: str) -> np.ndarray:
    """The stack with its axes in another order; those left out are at 1."""
    taken = STACK[tuple(slice(None) if a in axes else 1 for a in "tczyx")]
    kept = [a for a in "tczyx" if a in axes]
    return taken.transpose([kept.index(a) for a in axes])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    "axes", ["tczyx", "czyx", "zyx", "tyx", "cyx", "yx", "xy", "xyzct", "zyxc"]
)
def test_pages_of_any_order_of_axes(tmp_path, version, axes):
    write_image(tmp_path / "a.zarr", in_order(axes), axes, version=version)
    image = open_image(tmp_path / "a.zarr")
    assert image.axes == axes.upper()
    others = [a for a in axes if a not in "cyx"]
    pages = list(image.pages())
    assert len(pages) == image.page_count
    for index, page in zip(image.indices(), pages, strict=True):
        at = dict(zip(others, index, strict=True))
        channel = slice(None) if "c" in axes else 1
        expected = STACK[at.get("t", 1), channel, at.get("z", 1)]
        np.testing.assert_array_equal(page, expected)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_levels_and_their_pixel_size(tmp_path, version):
    path = tmp_path / "a.zarr"
    pixels = STACK[0, 0]
    write_image(path, pixels, "zyx", scale=(2, 0.5, 0.25), levels=3, version=version)
    for level in range(3):
        image, step = open_image(path, level=level), 2**level
        np.testing.assert_array_equal(next(image.pages()), pixels[0, ::step, ::step])
        assert image.pixel_size == PixelSize(z=2, y=0.5 * step, x=0.25 * step)
        assert image.level == level
    with pytest.raises(ImageFileError, match="from 0 to 2, got 3"):
        open_image(path, level=3)


def test_units_of_other_names(tmp_path):
    path = write_image(tmp_path / "a.zarr", STACK[:, 0, 0], "tyx", scale=(2, 5, 5))
    metadata = json.loads((path / "zarr.json").read_text())
    (scales,) = metadata["attributes"]["ome"]["multiscales"]
    for axis, unit in zip(scales["axes"], ("minute", "nanometer", "nm"), strict=True):
        axis["unit"] = unit
    scales["coordinateTransformations"] = [{"type": "scale", "scale": [0.5, 2, 2]}]
    (path / "zarr.json").write_text(json.dumps(metadata))
    assert open_image(path).pixel_size == PixelSize(y=10, x=10, unit="nm", t=60)


def test_no_units_and_a_scale_of_one_say_nothing(tmp_path):
    path = write_image(tmp_path / "a.zarr", STACK[0, 0, 0], "yx", units=False)
    assert open_image(path).pixel_size is None
    path = write_image(
        tmp_path / "b.zarr", STACK[0, 0, 0], "yx", units=False, scale=(2, 3)
    )
    assert open_image(path).pixel_size == PixelSize(y=2, x=3, unit=None)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_window_reads_its_chunks_alone(tmp_path, version):
    """Every other chunk is damaged: reading it would fail."""
    pixels = np.random.default_rng(0).integers(1, 9, (2, 64, 64)).astype(np.uint8)
    path = write_image(
        tmp_path / "a.zarr", pixels, "tyx", chunks=(1, 32, 32), version=version
    )
    chunks = sorted(p for p in (path / "s0").rglob("*") if p.name.isdecimal())
    chunks = [p for p in chunks if p.is_file()]
    assert len(chunks) == 8
    wanted = path / "s0" / ("1/0/1" if version == "0.4" else "c/1/0/1")
    for chunk in chunks:
        if chunk != wanted:
            chunk.write_bytes(b"damaged")
    image = pickle.loads(pickle.dumps(open_image(path)))
    part = image.window(1, slice(2, 30), slice(33, 64))
    np.testing.assert_array_equal(part, pixels[1, 2:30, 33:64])
    with pytest.raises(ImageFileError, match=r"a\.zarr cannot be read"):
        image.window(0, slice(None), slice(None))


def test_ranges_choose_pages(tmp_path):
    image = open_image(write_image(tmp_path / "a.zarr", STACK, "tczyx"))
    indices = chosen_pages(image, {"T": (1, 2), "Z": (1, 3)})
    assert indices == [(1, 1), (1, 2)]
    np.testing.assert_array_equal(
        list(image.pages(indices)), STACK[1].swapaxes(0, 1)[1:3]
    )
    with pytest.raises(ImageError, match="The image has 4"):
        chosen_pages(image, {"Z": (3, 5)})
    assert len(chosen_pages(image, {})) == 8


class TestCollections:
    @pytest.fixture
    def path(self, tmp_path):
        path = write_group(tmp_path / "a.zarr", {"bioformats2raw.layout": 3}, "0.4")
        for number in range(2):
            pixels = STACK[number, 0, 0]
            write_image(path / str(number), pixels, "yx", version="0.4")
        return path

    def test_numbered_images_are_scenes(self, path):
        assert scenes_of(path) == ("0", "1")
        image = open_image(path, scene=1)
        assert image.path == path / "1"
        np.testing.assert_array_equal(next(image.pages()), STACK[1, 0, 0])

    def test_a_list_of_images_gives_their_order(self, path):
        write_group(path / "OME", {"series": ["1", "0"]}, "0.4")
        assert scenes_of(path) == ("1", "0")
        assert open_image(path).path == path / "1"


class TestErrors:
    """Each says what is wrong and what to do."""

    def message(self, path, **options) -> str:
        with pytest.raises(ImageFileError) as caught:
            open_image(path, **options)
        return str(caught.value)

    def test_zarr_that_is_no_ome_zarr(self, tmp_path):
        zarr.create_group(str(tmp_path / "a.zarr"))
        assert "no OME-Zarr: nothing says what its axes are" in self.message(
            tmp_path / "a.zarr"
        )

    def test_a_bare_array(self, tmp_path):
        zarr.create_array(str(tmp_path / "a.zarr"), data=STACK[0, 0, 0])
        assert "is a bare Zarr array" in self.message(tmp_path / "a.zarr")

    def test_a_folder_that_is_only_called_so(self, tmp_path):
        (tmp_path / "a.zarr").mkdir()
        assert "found no Zarr there" in self.message(tmp_path / "a.zarr")

    @pytest.mark.parametrize("version", ["0.3", "0.6"])
    def test_versions_that_are_not_read(self, tmp_path, version):
        path = write_image(tmp_path / "a.zarr", STACK[0, 0, 0], "yx", version="0.4")
        attributes = json.loads((path / ".zattrs").read_text())
        attributes["multiscales"][0]["version"] = version
        (path / ".zattrs").write_text(json.dumps(attributes))
        text = self.message(path)
        assert f"Expected OME-Zarr 0.4 or 0.5, got version '{version}'" in text
        assert "Convert it" in text

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"axes": ["y", "x"]}, "an axis is 'y', as in versions before 0.4"),
            ({"axes": [{"name": "y"}, {"name": "q"}]}, "expected axes y, x"),
            ({"datasets": []}, "lists no level"),
            ({"datasets": [{"path": "s0"}]}, "no 'coordinateTransformations'"),
            ({"datasets": None}, "not as OME-Zarr 0.5 has them"),
        ],
    )
    def test_metadata_that_cannot_be_understood(self, tmp_path, change, text):
        path = write_image(tmp_path / "a.zarr", STACK[0, 0, 0], "yx")
        metadata = json.loads((path / "zarr.json").read_text())
        metadata["attributes"]["ome"]["multiscales"][0] |= change
        (path / "zarr.json").write_text(json.dumps(metadata))
        assert text in self.message(path)

    def test_json_that_is_none(self, tmp_path):
        path = write_image(tmp_path / "a.zarr", STACK[0, 0, 0], "yx")
        (path / "zarr.json").write_text("{")
        assert "cannot be read as OME-Zarr" in self.message(path)

    def test_a_level_that_is_missing(self, tmp_path):
        path = write_image(tmp_path / "a.zarr", STACK[0, 0, 0], "yx")
        (path / "s0").rename(path / "elsewhere")
        assert "s0" in self.message(path)

    def test_axes_that_do_not_fit_the_pixels(self, tmp_path):
        path = write_image(tmp_path / "a.zarr", STACK[0, 0, 0], "yx")
        (path / "s0" / "zarr.json").unlink()
        zarr.create_array(str(path / "s0"), data=STACK[0, 0], overwrite=True)
        assert "names the axes YX" in self.message(path)

    def test_other_files_have_one_level(self, tmp_path):
        np.save(tmp_path / "a.npy", STACK[0, 0, 0])
        assert "Only OME-Zarr" in self.message(tmp_path / "a.npy", level=1)


def test_folders_are_found_by_name_and_by_content(tmp_path):
    for name in ("b.zarr", "a.ome.zarr"):
        write_image(tmp_path / name, STACK[0, 0, 0], "yx")
    plain = write_image(tmp_path / "plain", STACK[0, 0, 0], "yx")
    found = [tmp_path / "a.ome.zarr", tmp_path / "b.zarr"]
    assert find_images([tmp_path]) == found
    assert find_images([plain]) == [plain]


def test_ome_zarr_that_was_exported(tmp_path):
    stack = np.arange(3 * 20 * 30, dtype=np.uint32).reshape(3, 20, 30)
    path = tmp_path / "a.ome.zarr"
    export_labels(
        path, stack, "ome.zarr", axes="T", pixel_size=PixelSize(y=0.5, x=0.25)
    )
    assert find_images([tmp_path]) == find_images([path]) == [path]
    image = open_image(path)
    assert image.axes == "TYX"
    np.testing.assert_array_equal(np.stack(list(image.pages())), stack)
    assert image.pixel_size is not None
    assert (image.pixel_size.y, image.pixel_size.x) == (0.5, 0.25)
