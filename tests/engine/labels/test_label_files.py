"""Labels as other programs write them."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.errors import DinoCellError, ImageFileError, LabelsError
from napari_dinocell.engine.labels.find_label_files import find_label_files
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.labels.label_stack import LabelStack

if TYPE_CHECKING:
    from pathlib import Path

IDS = np.zeros((12, 16), np.uint16)
IDS[1:4, 2:7] = 3
IDS[6:11, 9:12] = 40
PIECES = np.zeros((12, 16), np.uint16)
PIECES[1:4, 2:7] = 1
PIECES[6:11, 9:12] = 2


def read(path: Path) -> tuple[np.ndarray, str]:
    """All pages, and what is said of them."""
    with open_label_file(path) as file:
        pages = [page.labels for page in LabelStack(file.labels).pages()]
        return np.stack(pages).reshape(file.labels.shape), file.note


def write(path: Path, labels: np.ndarray) -> Path:
    if path.suffix == ".npy":
        np.save(path, labels)
    elif path.suffix == ".png":
        cv2.imwrite(str(path), labels)
    else:
        tifffile.imwrite(path, labels, photometric="minisblack")
    return path


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "int32", "uint32", "int64", "float32", "float64"]
)
def test_whole_numbers_of_any_type_are_ids(tmp_path, suffix, dtype):
    found, note = read(write(tmp_path / f"a{suffix}", IDS.astype(dtype)))
    np.testing.assert_array_equal(found, IDS)
    assert not note


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (np.where(IDS == 3, -1, IDS.astype(np.int32)), "got -1"),
        (IDS - 1.0, "got -1"),
        (IDS / 2, "whole numbers, got 1.5"),
        (np.where(IDS == 3, np.nan, 1.0), "whole numbers, got nan"),
        (np.where(IDS == 3, np.inf, 1.0), "whole numbers, got inf"),
        (IDS.astype(complex), "whole numbers, got complex"),
    ],
    ids=["minus_one", "float_minus_one", "half", "nan", "inf", "complex"],
)
def test_other_numbers_are_refused_by_name(tmp_path, odd, reason):
    with pytest.raises(LabelsError, match=rf"(?s)a\.npy.*{reason}"):
        read(write(tmp_path / "a.npy", odd))


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("first", [2**32, 2**53, 2**62])
def test_ids_beyond_32_bit_are_numbered_anew(tmp_path, suffix, dtype, first):
    stack = np.stack([IDS, np.where(IDS == 40, 41, 0)]).astype(dtype)
    huge = np.where(stack > 0, stack + np.array(first, dtype), 0).astype(dtype)
    found, note = read(write(tmp_path / f"a{suffix}", huge))
    np.testing.assert_array_equal(found[0], PIECES)
    np.testing.assert_array_equal(found[1], np.where(IDS == 40, 3, 0))
    assert "numbered anew" in note


def test_ids_of_32_bit_stay(tmp_path):
    ids = np.where(IDS > 0, IDS.astype(np.int64) + 3_000_000_000, 0)
    found, note = read(write(tmp_path / "a.npy", ids))
    np.testing.assert_array_equal(found, ids)
    assert not note


class TestMasks:
    @pytest.mark.parametrize(
        ("name", "mask"),
        [
            ("a.tif", (IDS > 0).astype(np.uint8)),
            ("a.tif", (IDS > 0).astype(np.uint8) * 255),
            ("a.tif", IDS > 0),
            ("a.npy", IDS > 0),
            ("a.npy", (IDS > 0).astype(float)),
            ("a.png", (IDS > 0).astype(np.uint8) * 255),
            ("a.png", (IDS > 0).astype(np.uint16) * 65535),
        ],
    )
    def test_each_piece_is_a_cell_and_it_is_said(self, tmp_path, name, mask):
        found, note = read(write(tmp_path / name, mask))
        np.testing.assert_array_equal(found, PIECES)
        assert note.startswith(name)
        assert "taken for a mask" in note

    @pytest.mark.parametrize(
        "labels",
        [
            pytest.param((IDS == 3).astype(np.uint16), id="one_cell"),
            pytest.param((IDS > 0).astype(np.uint16) * 7, id="cell_7_in_two_parts"),
            pytest.param(np.zeros_like(IDS), id="none"),
            pytest.param(np.stack([IDS == 3, IDS == 40]).astype("u1"), id="tracked"),
            pytest.param(
                np.stack([IDS > 0, np.where(IDS > 0, 2, 0)]).astype("u1"), id="frames"
            ),
        ],
    )
    def test_labels_that_could_be_masks_stay(self, tmp_path, labels):
        found, note = read(write(tmp_path / "a.tif", labels))
        np.testing.assert_array_equal(found, labels)
        assert not note

    def test_pages_of_a_mask_are_numbered_each_for_itself(self, tmp_path):
        stack = np.stack([np.zeros_like(IDS), IDS > 0, IDS == 40]).astype(np.uint8)
        found, _ = read(write(tmp_path / "a.tif", stack * 255))
        assert [int(page.max()) for page in found] == [0, 2, 1]


class TestCellpose:
    def seg(self, path: Path, content: Any) -> Path:
        np.save(path, content, allow_pickle=True)
        return path

    def test_masks_of_a_seg_file_are_labels(self, tmp_path):
        content = {"masks": IDS, "filename": "a.tif", "flows": [IDS, None], "ok": 1.5}
        found, _ = read(self.seg(tmp_path / "a_seg.npy", content))
        np.testing.assert_array_equal(found, IDS)

    def test_without_masks_it_is_refused(self, tmp_path):
        with pytest.raises(ImageFileError, match="as Cellpose saves them"):
            read(self.seg(tmp_path / "a_seg.npy", {"outlines": IDS}))

    def test_code_in_it_never_runs(self, tmp_path):
        class Bomb:
            def __reduce__(self):
                return (open, (str(tmp_path / "ran"), "w"))

        with pytest.raises(ImageFileError, match="asks to run"):
            read(self.seg(tmp_path / "a_seg.npy", {"masks": Bomb()}))
        assert not (tmp_path / "ran").exists()

    def test_numpy_type_that_numpy_cannot_restore_is_named(self, tmp_path):
        np.save(tmp_path / "a.npy", np.array({}, dtype=object))
        start = (tmp_path / "a.npy").read_bytes()[:128]
        restored = b"cnumpy\ndtype\n(S'u2'\nI0\nI1\ntRI5\nb."
        (tmp_path / "a.npy").write_bytes(start + restored)
        with (
            pytest.raises(ImageFileError, match=r"a\.npy"),
            open_label_file(tmp_path / "a.npy"),
        ):
            pass

    def test_damaged_pickle_is_named(self, tmp_path):
        path = self.seg(tmp_path / "a_seg.npy", {"masks": IDS})
        data = path.read_bytes()
        assert pickle.PROTO in data
        path.write_bytes(data[:-40])
        with pytest.raises(DinoCellError, match="a_seg"):
            read(path)

    def test_files_are_found_by_its_names(self, tmp_path):
        names = ["a_cp_masks.tif", "b_seg.npy", "c_mask.png", "d_labels.tif"]
        for name in [*names, "e.tif", "f_seg.txt"]:
            (tmp_path / name).write_bytes(b"x")
        assert [path.name for path in find_label_files([tmp_path])] == names


def test_masked_pixels_are_background():
    hidden = np.ma.masked_equal(IDS, 40)
    (page,) = LabelStack(hidden).pages()
    np.testing.assert_array_equal(page.labels, np.where(IDS == 3, 3, 0))


def test_palette_of_a_label_picture_is_no_matter(tmp_path):
    from PIL import Image

    picture = Image.fromarray(IDS.astype(np.uint8), mode="P")
    picture.putpalette(list(range(256)) * 3)
    picture.save(tmp_path / "a.png")
    found, _ = read(tmp_path / "a.png")
    np.testing.assert_array_equal(found, IDS)


def test_stack_with_two_unnamed_axes_is_time_and_depth(tmp_path):
    stack = np.broadcast_to(IDS, (2, 3, *IDS.shape))
    with open_label_file(write(tmp_path / "a.tif", stack)) as file:
        assert (file.axes, file.labels.shape) == ("TZ", stack.shape)
