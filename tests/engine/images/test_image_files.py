"""Every kind of file a microscope or a colleague may hand over."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.find_images import find_images
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize, normalised_unit

if TYPE_CHECKING:
    from pathlib import Path


class TestTiff:
    @pytest.mark.parametrize(
        ("shape", "options", "axes", "page_counts", "page_shape"),
        [
            pytest.param((20, 30), {}, "YX", (), (20, 30), id="plane"),
            pytest.param((1, 30), {}, "YX", (), (1, 30), id="one_row"),
            pytest.param((5, 20, 30), {}, "QYX", (5,), (20, 30), id="pages"),
            pytest.param(
                (5, 20, 30), {"bigtiff": True}, "QYX", (5,), (20, 30), id="bigtiff"
            ),
            pytest.param(
                (5, 20, 30),
                {"compression": "lzw", "tile": (16, 16)},
                "QYX",
                (5,),
                (20, 30),
                id="tiled_lzw",
            ),
            pytest.param(
                (2, 5, 20, 30),
                {"compression": "zlib", "metadata": {"axes": "TZYX"}},
                "TZYX",
                (2, 5),
                (20, 30),
                id="two_page_axes",
            ),
            pytest.param(
                (20, 30, 3),
                {"photometric": "rgb"},
                "YXS",
                (),
                (20, 30, 3),
                id="rgb",
            ),
            pytest.param(
                (20, 30, 4),
                {"photometric": "rgb", "extrasamples": ["unassalpha"]},
                "YXS",
                (),
                (20, 30, 4),
                id="rgba",
            ),
            pytest.param(
                (20, 30, 2),
                {"photometric": "minisblack", "planarconfig": "contig"},
                "YXS",
                (),
                (2, 20, 30),
                id="two_samples_are_channels",
            ),
            pytest.param(
                (2, 3, 20, 30),
                {
                    "photometric": "rgb",
                    "planarconfig": "separate",
                    "compression": "zlib",
                },
                "QSYX",
                (2,),
                (20, 30, 3),
                id="planar_rgb_pages",
            ),
            pytest.param(
                (4, 2, 20, 30),
                {"imagej": True, "metadata": {"axes": "TCYX"}},
                "TCYX",
                (4,),
                (2, 20, 30),
                id="imagej_hyperstack",
            ),
            pytest.param(
                (4, 20, 30, 3),
                {"imagej": True, "photometric": "rgb"},
                "CYXS",
                (4,),
                (20, 30, 3),
                id="ij_rgb",
            ),
            pytest.param(
                (2, 3, 20, 30),
                {"ome": True, "metadata": {"axes": "CTYX"}},
                "CTYX",
                (3,),
                (2, 20, 30),
                id="ome_channels_first",
            ),
            pytest.param(
                (1, 1, 20, 30),
                {"ome": True, "metadata": {"axes": "CZYX"}},
                "YX",
                (),
                (20, 30),
                id="axes_of_length_one",
            ),
        ],
    )
    def test_layouts(self, tmp_path, shape, options, axes, page_counts, page_shape):
        pixels = random_pixels(*shape)
        options = {"photometric": "minisblack"} | options
        tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
        image = open_image(tmp_path / "a.tif")
        assert (image.axes, image.page_counts) == (axes, page_counts)
        pages = list(image.pages())
        assert len(pages) == image.page_count
        assert {page.shape for page in pages} == {page_shape}
        assert image.plane_shape == (20 if len(shape) > 2 else shape[0], 30)
        assert sum(int(page.sum()) for page in pages) == int(pixels.sum())

    def test_pages_come_in_order_with_their_channels(self, tmp_path):
        pixels = random_pixels(2, 3, 20, 30, dtype="uint16")
        tifffile.imwrite(tmp_path / "a.ome.tif", pixels, metadata={"axes": "CTYX"})
        pages = list(open_image(tmp_path / "a.ome.tif").pages())
        for time, page in enumerate(pages):
            np.testing.assert_array_equal(page, pixels[:, time])

    @pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits", "zstd"])
    @pytest.mark.parametrize(
        "dtype", ["uint8", "uint16", "uint32", "int16", "float32", "float64", ">u2"]
    )
    def test_values_and_dtypes_survive(self, tmp_path, compression, dtype):
        pixels = random_pixels(3, 20, 30, dtype=dtype)
        tifffile.imwrite(
            tmp_path / "a.tif",
            pixels,
            compression=compression,
            photometric="minisblack",
            byteorder=">" if dtype.startswith(">") else None,
        )
        image = open_image(tmp_path / "a.tif")
        np.testing.assert_array_equal(np.stack(list(image.pages())), pixels)
        assert image.dtype == np.dtype(dtype).newbyteorder("=")

    def test_uncompressed_pages_are_mapped_not_read(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tif", random_pixels(5, 20, 30))
        page = next(open_image(tmp_path / "a.tif").pages())
        bases = [page]
        while isinstance(bases[-1], np.ndarray):
            bases.append(bases[-1].base)
        assert isinstance(bases[-1], mmap.mmap)

    def test_compressed_pages_are_decoded_one_by_one(self, tmp_path, monkeypatch):
        tifffile.imwrite(tmp_path / "a.tif", random_pixels(5, 20, 30), compression=8)
        monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", None)
        assert next(open_image(tmp_path / "a.tif").pages()).shape == (20, 30)

    def test_pages_written_one_by_one_are_a_stack(self, tmp_path):
        pixels = random_pixels(3, 20, 30)
        with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
            for page in pixels:
                tiff.write(page)
        image = open_image(tmp_path / "a.tif")
        assert (image.page_axes, image.other_images) == ("Q", 0)
        np.testing.assert_array_equal(np.stack(list(image.pages())), pixels)

    def test_images_of_other_shapes_are_counted_not_mixed_in(self, tmp_path):
        with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
            tiff.write(random_pixels(20, 30))
            tiff.write(random_pixels(5, 6))
        image = open_image(tmp_path / "a.tif")
        assert (image.shape, image.other_images) == ((20, 30), 1)

    def test_pyramid_gives_its_full_resolution(self, tmp_path):
        with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
            options = {"tile": (16, 16), "compression": "zlib"}
            tiff.write(random_pixels(64, 64), subifds=1, **options)
            tiff.write(random_pixels(32, 32), subfiletype=1, **options)
        image = open_image(tmp_path / "a.tif")
        assert [page.shape for page in image.pages()] == [(64, 64)]

    def test_axes_can_be_corrected(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tif", random_pixels(2, 20, 30))
        image = open_image(tmp_path / "a.tif", axes="cyx")
        assert [page.shape for page in image.pages()] == [(2, 20, 30)]
        assert image.channel_axis == 0

    @pytest.mark.parametrize("axes", ["YX", "TZYX", "TTX", "TYZ"])
    def test_axes_that_do_not_fit_are_refused(self, tmp_path, axes):
        tifffile.imwrite(tmp_path / "a.tif", random_pixels(2, 20, 30))
        with pytest.raises(ImageFileError, match="Expected axes that name each"):
            open_image(tmp_path / "a.tif", axes=axes)

    def test_closing_the_pages_early_closes_the_file(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tif", random_pixels(5, 20, 30), compression=8)
        pages = open_image(tmp_path / "a.tif").pages()
        next(pages)
        pages.close()
        (tmp_path / "a.tif").rename(tmp_path / "b.tif")


class TestPixelSize:
    def written(self, path: Path, **options: object) -> PixelSize | None:
        pixels = random_pixels(4, 20, 30)
        tifffile.imwrite(path, pixels, photometric="minisblack", **options)
        return open_image(path).pixel_size

    def test_imagej(self, tmp_path):
        size = self.written(
            tmp_path / "a.tif",
            imagej=True,
            resolution=(1 / 0.5, 1 / 0.25),
            metadata={"axes": "ZYX", "unit": "micron", "spacing": 2.0},
        )
        assert size == PixelSize(y=0.25, x=0.5, z=2.0, unit="µm")

    def test_ome(self, tmp_path):
        metadata = {
            "axes": "TYX",
            "PhysicalSizeX": 65,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 66,
            "PhysicalSizeYUnit": "nm",
        }
        size = self.written(tmp_path / "a.ome.tif", metadata=metadata)
        assert size == PixelSize(y=66, x=65, unit="nm")

    def test_resolution_per_centimetre(self, tmp_path):
        size = self.written(
            tmp_path / "a.tif", resolution=(20_000, 40_000), resolutionunit="CENTIMETER"
        )
        assert size == PixelSize(y=0.25, x=0.5)

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({}, id="nothing"),
            pytest.param({"resolution": (72, 72), "resolutionunit": "INCH"}, id="dpi"),
            pytest.param({"imagej": True, "metadata": {"axes": "ZYX"}}, id="imagej"),
            pytest.param(
                {"imagej": True, "resolution": (2, 2), "metadata": {"unit": "pixel"}},
                id="imagej_pixels",
            ),
            pytest.param({"ome": True, "metadata": {"axes": "TYX"}}, id="ome"),
        ],
    )
    def test_absent_where_the_file_states_none(self, tmp_path, options):
        assert self.written(tmp_path / "a.tif", **options) is None

    @pytest.mark.parametrize("unit", ["µm", "μm", "um", "micron", "\\u00B5m", " UM "])
    def test_all_spellings_of_micrometre_are_one(self, unit):
        assert normalised_unit(unit) == "µm"


@pytest.mark.parametrize("name", ["tiled.tif", "plain.tif", "stack.npy"])
def test_a_window_is_a_part_of_its_page(tmp_path: Path, name: str) -> None:
    pixels = random_pixels(2, 3, 40, 50, dtype="uint16")
    path = tmp_path / name
    if name == "stack.npy":
        np.save(path, pixels[0])
    else:
        tile = {"tile": (16, 16)} if name == "tiled.tif" else {}
        axes = {"photometric": "minisblack", "metadata": {"axes": "TCYX"}}
        tifffile.imwrite(path, pixels, imagej=False, **tile, **axes)
    image = open_image(path, axes="ZYX" if name == "stack.npy" else None)
    page = list(image.pages())[1]
    window = image.window(1, slice(5, 20), slice(30, 50))
    np.testing.assert_array_equal(window, page[..., 5:20, 30:50])


def test_real_files_are_read(shared_data):
    """Files of other people: their axes are understood."""
    folder = shared_data / "unannotated_ui"
    found = {path.name: open_image(path) for path in find_images([folder])}
    assert found["t98g_phase_timelapse_TYX.tif"].page_counts == (6,)
    assert found["instanseg_he_YXS.tif"].channel_axis is None
    three = open_image(folder / "human_ht29_3channel_CYX.tif", axes="CYX")
    assert next(three.pages()).shape == (3, 512, 512)
