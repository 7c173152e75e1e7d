"""Every kind of file a microscope or a colleague may hand over."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.results.image_files import find_images, open_image
from napari_dinocell.engine.results.pixel_size import PixelSize, normalised_unit

if TYPE_CHECKING:
    from pathlib import Path


def random_pixels(*shape: int, dtype: str = "uint8") -> np.ndarray:
    generator = np.random.default_rng(sum(shape))
    return generator.integers(0, 200, shape).astype(dtype)


def write_picture(path: Path, pixels: np.ndarray) -> Path:
    """Write RGB(A) or grey pixels by OpenCV, with any path."""
    if pixels.ndim == 3:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    done, data = cv2.imencode(path.suffix, pixels)
    assert done
    data.tofile(path)
    return path


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


class TestBadFiles:
    @pytest.mark.parametrize("name", ["a.tif", "a.tiff", "a.png", "a.jpg"])
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            pytest.param(b"", "is empty", id="empty"),
            pytest.param(b"x,y\n1,2\n" * 20, "cannot be read", id="text"),
        ],
    )
    def test_wrong_content_is_named(self, tmp_path, name, content, reason):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ImageFileError, match=reason) as caught:
            open_image(tmp_path / name)
        assert name in str(caught.value)

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({}, id="raw"),
            pytest.param({"compression": "zlib"}, id="zlib"),
            pytest.param({"compression": "lzw", "tile": (16, 16)}, id="tiles"),
            pytest.param({"imagej": True}, id="imagej"),
            pytest.param({"ome": True}, id="ome"),
            pytest.param({"bigtiff": True, "compression": "zlib"}, id="bigtiff"),
        ],
    )
    def test_cut_off_tiff_never_loses_pages_silently(self, tmp_path, options):
        path = tmp_path / "a.tif"
        pixels = random_pixels(4, 40, 40)
        tifffile.imwrite(path, pixels, photometric="minisblack", **options)
        data = path.read_bytes()
        for part in np.linspace(0.01, 0.97, 25):
            path.write_bytes(data[: int(part * len(data))])
            with pytest.raises(ImageFileError, match=r"a\.tif"):
                list(open_image(path).pages())

    @pytest.mark.parametrize("name", ["a.png", "a.jpg"])
    def test_cut_off_picture_is_refused(self, tmp_path, name):
        path = write_picture(tmp_path / name, random_pixels(64, 64, 3))
        data = path.read_bytes()
        for part in np.linspace(0.05, 0.99, 12):
            path.write_bytes(data[: int(part * len(data))])
            with pytest.raises(ImageFileError):
                open_image(path)

    def test_thumbnail_does_not_hide_that_a_jpeg_is_cut_off(self, tmp_path):
        path = write_picture(tmp_path / "a.jpg", random_pixels(64, 64))
        data = path.read_bytes()
        thumbnail = b"\xff\xe1\x00\x08\xff\xda\xff\xd9AA"  # an APP1 segment
        path.write_bytes(data[:2] + thumbnail + data[2:-40])
        with pytest.raises(ImageFileError, match="cut off"):
            open_image(path)

    def test_missing(self, tmp_path):
        with pytest.raises(ImageFileError, match="does not exist"):
            open_image(tmp_path / "a.tif")

    def test_folder(self, tmp_path):
        (tmp_path / "a.tif").mkdir()
        with pytest.raises(ImageFileError, match="is a folder"):
            open_image(tmp_path / "a.tif")

    def test_unknown_suffix(self, tmp_path):
        (tmp_path / "a.czi").write_bytes(b"ZISRAWFILE")
        with pytest.raises(ImageFileError, match=r"Expected a file ending in \.tif"):
            open_image(tmp_path / "a.czi")

    def test_no_permission(self, tmp_path, monkeypatch):
        path = write_picture(tmp_path / "a.png", random_pixels(4, 4))
        if os.name == "posix" and os.geteuid() != 0:
            path.chmod(0)
        else:  # permissions do not bind this user

            def refuse(*_: object, **__: object) -> None:
                raise PermissionError(13, "Permission denied")

            monkeypatch.setattr(np, "fromfile", refuse)
        with pytest.raises(ImageFileError, match="No permission"):
            open_image(path)

    def test_error_of_the_caller_is_not_taken_for_one_of_the_file(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tif", random_pixels(5, 8, 8))

        def fail(_: np.ndarray) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            any(map(fail, open_image(tmp_path / "a.tif").pages()))


class TestFindImages:
    @pytest.fixture
    def folder(self, tmp_path):
        for name in (
            "b.tif", "a.png", "c.JPG", "notes.txt", ".hidden.tif",
            "a_labels.tif", "a_overlay.png", "b_overlay_0003.png",
            "my_overlay_cells.png",
        ):  # fmt: skip
            (tmp_path / name).write_bytes(b"x")
        (tmp_path / "sub.tif").mkdir()
        (tmp_path / "sub.tif" / "d.tif").write_bytes(b"x")
        return tmp_path

    def names(self, *arguments: object) -> list[str]:
        return [path.name for path in find_images(map(str, arguments))]

    def test_folder_gives_its_images_sorted_without_results(self, folder):
        assert self.names(folder) == ["a.png", "b.tif", "c.JPG", "my_overlay_cells.png"]

    def test_pattern(self, folder):
        assert self.names(folder / "*.tif") == ["b.tif"]
        assert self.names(folder / "**" / "*.tif") == ["b.tif", "d.tif"]

    def test_each_file_once_in_the_order_of_the_arguments(self, folder):
        names = self.names(folder / "c.JPG", folder, folder / "*.png")
        assert names == ["c.JPG", "a.png", "b.tif", "my_overlay_cells.png"]

    def test_named_file_is_taken_as_it_is(self, folder):
        assert self.names(folder / "a_labels.tif") == ["a_labels.tif"]
        assert self.names(folder / "missing.tif") == ["missing.tif"]

    def test_name_with_brackets_is_no_pattern_when_it_exists(self, folder):
        (folder / "e[1].tif").write_bytes(b"x")
        assert self.names(folder / "e[1].tif") == ["e[1].tif"]

    @pytest.mark.parametrize("argument", ["*.gif", "empty", "notes.*"])
    def test_nothing_found_is_an_error(self, folder, argument):
        (folder / "empty").mkdir()
        with pytest.raises(ImageFileError, match="No image in"):
            find_images([folder / argument])


def test_real_files_are_read(shared_data):
    """Files of other people: their axes are understood."""
    folder = shared_data / "unannotated_ui"
    found = {path.name: open_image(path) for path in find_images([folder])}
    assert found["t98g_phase_timelapse_TYX.tif"].page_counts == (6,)
    assert found["instanseg_he_YXS.tif"].channel_axis is None
    three = open_image(folder / "human_ht29_3channel_CYX.tif", axes="CYX")
    assert next(three.pages()).shape == (3, 512, 512)
