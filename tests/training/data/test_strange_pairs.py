"""Folders to train on as people have them: a bad pair is named, the others are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from dinocell_training.corrections.folder import Corrections
from dinocell_training.corrections.importing import import_pairs
from dinocell_training.data.pairs import list_pairs, readable_pairs
from dinocell_training.data.read_pair import read_pair
from dinocell_training.data.source import SourceConfig
from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels

if TYPE_CHECKING:
    from pathlib import Path

ALL = (SourceConfig(name="all"),)
IMAGE = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)
LABELS = np.zeros((24, 32), np.uint16)
LABELS[2:9, 3:12] = 1
LABELS[12:20, 15:25] = 2


def pairs(folder: Path, odd: Any) -> Path:
    """Three pairs, the labels of the second one of which are odd."""
    for number, labels in enumerate((LABELS, odd, LABELS)):
        tifffile.imwrite(folder / f"im{number}.tif", IMAGE)
        path = folder / f"im{number}_label.tif"
        tifffile.imwrite(path, labels, photometric="minisblack")
    return folder


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(LABELS.astype(np.float32), id="floats"),
        pytest.param(LABELS * np.int64(3_000_000_000), id="large"),
        pytest.param(LABELS * np.uint64(2**61), id="huge"),
        pytest.param(LABELS.astype(np.uint32) * 2_000_000_000, id="32_bit"),
        pytest.param((LABELS > 0).astype(np.uint8) * 255, id="mask"),
        pytest.param(LABELS > 0, id="bool"),
    ],
)
def test_ids_however_they_are_stored(tmp_path, odd):
    found = readable_pairs(list_pairs(pairs(tmp_path, odd), ALL))
    assert len(found.pairs) == 3
    _, labels = read_pair(found.pairs[1])
    np.testing.assert_array_equal(labels, LABELS)
    is_mask = odd.dtype.kind == "b" or odd.max() == 255
    assert any("mask" in r.text for r in found.remarks) == is_mask


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        pytest.param(np.where(LABELS == 0, -1, LABELS.astype("i4")), "-1", id="minus"),
        pytest.param(LABELS / np.float32(2), "whole numbers", id="halves"),
        pytest.param(LABELS[:5], "Expected labels of shape", id="shape"),
        pytest.param(np.stack([LABELS] * 3), "a stack of 3", id="stack"),
    ],
)
def test_bad_pair_is_named_and_the_others_are_used(tmp_path, odd, reason):
    found = readable_pairs(list_pairs(pairs(tmp_path, odd), ALL))
    assert [pair.name for pair in found.pairs] == ["im0.tif", "im2.tif"]
    ((name, text),) = [(r.name, r.text) for r in found.remarks]
    assert (name, reason in text) == ("im1.tif", True)
    events = list(import_pairs(Corrections(tmp_path / "corrections"), tmp_path))
    assert [event.name for event in events if event.example] == ["im0.tif", "im2.tif"]
    assert [reason in event.error for event in events if event.error] == [True]


def test_folder_of_bad_pairs_is_one_error(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    (tmp_path / "a_label.tif").write_bytes(b"no image")
    with pytest.raises(TrainingDataError, match=r"None of the 1 pairs.*a_label\.tif"):
        readable_pairs(list_pairs(tmp_path, ALL))


def test_names_of_cellpose(tmp_path):
    for name in "abc":
        tifffile.imwrite(tmp_path / f"{name}.tif", IMAGE)
    tifffile.imwrite(tmp_path / "a_cp_masks.tif", LABELS)
    content = {"masks": LABELS, "filename": "b.tif"}
    np.save(tmp_path / "b_seg.npy", content, allow_pickle=True)
    tifffile.imwrite(tmp_path / "c_mask.tif", LABELS)
    found = readable_pairs(list_pairs(tmp_path, ALL))
    assert len(found.pairs) == 3
    for pair in found.pairs:
        np.testing.assert_array_equal(read_pair(pair)[1], LABELS)


def test_what_is_left_out_is_named(tmp_path):
    pairs(tmp_path, LABELS)
    tifffile.imwrite(tmp_path / "alone.tif", IMAGE)
    tifffile.imwrite(tmp_path / "gone_masks.tif", LABELS)
    tifffile.imwrite(tmp_path / "im0_cp_masks.tif", LABELS)
    found = list_pairs(tmp_path, ALL)
    assert len(found.pairs) == 3
    said = {remark.name: remark.text for remark in found.remarks}
    assert set(said) == {"alone.tif", "gone_masks.tif", "im0_cp_masks.tif"}
    assert "no labels" in said["alone.tif"]
    assert "no image" in said["gone_masks.tif"]
    assert said["im0_cp_masks.tif"] == "im0_label.tif is used."


@pytest.mark.parametrize(
    ("row", "named"),
    [
        pytest.param(b"only.tif\n", "only.tif", id="short"),
        pytest.param(b"\xe4.tif,\xe4_label.tif,g\n", "ä.tif", id="latin"),
        pytest.param(b"x" * 200_000 + b",y,g\n", "manifest.csv, line 2", id="huge"),
        pytest.param(b"x" * 9_000 + b",y,g\n", "x" * 9_000, id="long_name"),
        pytest.param(b",im0_label.tif,g\n", "manifest.csv, line 2", id="no_image"),
        pytest.param(b"a\0b.tif,c.tif,g\n", "ab.tif", id="zero"),
    ],
)
def test_damaged_row_of_a_manifest_is_named(tmp_path, row, named):
    pairs(tmp_path, LABELS)
    rows = b"".join(b"im%d.tif,im%d_label.tif,g%d\n" % (n, n, n) for n in range(3))
    (tmp_path / "manifest.csv").write_bytes(b"image,label,group\n" + row + rows)
    found = list_pairs(tmp_path, ALL)
    assert [pair.name for pair in found.pairs] == ["im0.tif", "im1.tif", "im2.tif"]
    assert [remark.name for remark in found.remarks] == [named]


def test_manifest_in_latin_1_names_its_files(tmp_path):
    tifffile.imwrite(tmp_path / "ä.tif", IMAGE)
    tifffile.imwrite(tmp_path / "ä_x.tif", LABELS)
    (tmp_path / "manifest.csv").write_bytes(b"image,label\n\xe4.tif,\xe4_x.tif\n")
    assert [pair.name for pair in list_pairs(tmp_path, ALL).pairs] == ["ä.tif"]


@pytest.mark.parametrize("key", ["roi", "geojson", "coco"])
@pytest.mark.parametrize("name", ["a", "a_labels"])
def test_outlines_beside_an_image_are_its_labels(tmp_path, key, name):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    export_labels(FORMATS[key].path(tmp_path, name), LABELS, key)
    found = readable_pairs(list_pairs(tmp_path, ALL))
    assert not found.remarks
    np.testing.assert_array_equal(read_pair(found.pairs[0])[1], LABELS)
