"""What files, folders and patterns stand for."""

from __future__ import annotations

import glob
from pathlib import Path

import pytest

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.find_images import (
    TOP,
    find_images,
    search_images,
)


class TestFindImages:
    @pytest.fixture
    def folder(self, tmp_path):
        for name in (
            "b.tif", "a.png", "c.JPG", "notes.txt", ".hidden.tif",
            "a_labels.tif", "a_overlay.png", "b_overlay_0003.png",
            "my_overlay_cells.png", "b_label.png", "b_masks.tif",
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


def test_subfolders_are_told_below_the_wildcards_of_a_pattern(tmp_path):
    folder = tmp_path / "plate [1]"
    for name in ("wellA/f.tif", "wellB/f.tif", "g.tif"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    escaped = Path(glob.escape(str(folder)))
    wells = search_images([escaped / "*" / "*.tif"])
    assert [found.below.as_posix() for found in wells] == ["wellA", "wellB"]
    (top,) = search_images([escaped / "*.tif"])
    assert top.below == TOP
    (one,) = search_images([escaped / "wellA" / "*.tif"])
    assert (one.path, one.below) == (folder / "wellA" / "f.tif", TOP)
