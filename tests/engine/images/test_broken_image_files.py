"""Damaged, missing and unknown files are refused in plain words."""

from __future__ import annotations

import os

import numpy as np
import pytest
import tifffile
from tests.engine.images.pixels import random_pixels, write_picture

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image


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
        (tmp_path / "a.xyz").write_bytes(b"atoms")
        with pytest.raises(ImageFileError, match="Expected a TIFF, PNG, JPEG or NPY"):
            open_image(tmp_path / "a.xyz")

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
