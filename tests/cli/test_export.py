"""`dinocell export`: the same cells in the formats of others, honest about failures."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import tifffile
from skimage.segmentation import expand_labels

from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.export import write_labels
from napari_dinocell.engine.results.export_formats import FORMATS
from tests.cli.conftest import names_in

SIZE = PixelSize(y=0.5, x=0.5)


def two_cells(*leading: int, name: str = "") -> np.ndarray:
    labels = np.zeros((*leading, 20, 30), np.int32)
    labels[..., 2:8, 3:9] = 4
    labels[..., 11:15, 20:28] = 7
    return labels


def test_every_format_is_written_from_one_file(tmp_path, dinocell):
    write_labels(tmp_path / "ä_labels.tif", two_cells(), pixel_size=SIZE)
    tifffile.imwrite(tmp_path / "ä.tif", np.zeros((20, 30), np.uint8))
    of_planes = {key: e for key, e in FORMATS.items() if not e.needs_time}
    wanted = [word for key in of_planes for word in ("-f", key)]
    result = dinocell(
        "export", tmp_path / "ä_labels.tif", *wanted,
        "-o", tmp_path / "out", "--image", tmp_path / "ä.tif",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert names_in(tmp_path / "out") == sorted(
        f"ä_labels{entry.suffix}" for entry in of_planes.values()
    )
    with tifffile.TiffFile(tmp_path / "out" / "ä_labels.tif") as file:
        assert file.imagej_metadata["unit"] == "micron"
        np.testing.assert_array_equal(file.asarray(), two_cells())
    table = (tmp_path / "out" / "ä_labels_measurements.csv").read_text().splitlines()
    assert table[0].startswith("label,area_um2,")
    assert [row.split(",")[:2] for row in table[1:]] == [["4", "9.0"], ["7", "8.0"]]


def test_lineages_of_frames_and_of_nothing_else(tmp_path, dinocell):
    wanted = ["-f", "lineage", "-f", "ctc", "-f", "trackmate"]
    write_labels(tmp_path / "a_labels.tif", two_cells(3), axes="T")
    result = dinocell("export", tmp_path / "a_labels.tif", *wanted, "-o", tmp_path)
    assert result.status == 0, result.err
    table = (tmp_path / "a_labels_lineage.csv").read_text()
    assert table == "id,first,last,parent\n4,0,2,0\n7,0,2,0\n"
    assert (tmp_path / "a_labels_RES" / "res_track.txt").exists()
    write_labels(tmp_path / "b_labels.tif", two_cells(3), axes="Z")
    result = dinocell("export", tmp_path / "b_labels.tif", *wanted, "-o", tmp_path)
    assert result.status == 1
    assert "slices (Z), no frames" in " ".join(result.err.split())


def test_ids_are_consecutive_and_cells_grow_if_asked_for(tmp_path, dinocell):
    labels = two_cells(2)
    labels[0, :10] = 0  # the second cell is met first
    write_labels(tmp_path / "a_labels.tif", labels, axes="T")
    result = dinocell(
        "export", tmp_path / "a_labels.tif", "-f", "npy", "--consecutive-ids",
        "--expand", 2, "-o", tmp_path / "out",
    )  # fmt: skip
    assert result.status == 0, result.err
    numbered = np.choose(np.searchsorted([0, 4, 7], labels), [0, 2, 1])
    expected = np.stack([expand_labels(page, 2) for page in numbered])
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "a_labels.npy"), expected)


@pytest.mark.parametrize("suffix", [".tif", ".npy", ".ome.tif"])
def test_stacks_keep_their_pages(tmp_path, dinocell, suffix):
    labels = two_cells(3)
    labels[1] = 0
    write_labels(tmp_path / f"a_labels{suffix}", labels, axes="T")
    result = dinocell(
        "export", tmp_path / f"a_labels{suffix}", "-f", "geojson", "-f", "npy",
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert result.status == 0, result.err
    found = json.loads((tmp_path / "out" / "a_labels.geojson").read_text())["features"]
    places = [(f["geometry"]["plane"]["t"], f["properties"]["name"]) for f in found]
    assert places == [(0, "4"), (0, "7"), (2, "4"), (2, "7")]
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "a_labels.npy"), labels)


def test_folder_of_labels_finds_its_images_by_name(tmp_path, dinocell):
    (tmp_path / "images").mkdir()
    for name in "ab":
        write_labels(tmp_path / "labels" / f"{name}_labels.png", two_cells())
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), np.eye(30)[:20] * 255)
    (tmp_path / "labels" / "notes.txt").write_text("")
    result = dinocell(
        "export", tmp_path / "labels", "-f", "overlay",
        "-o", tmp_path / "out", "--image", tmp_path / "images",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert names_in(tmp_path / "out") == [
        "a_labels_overlay.png", "b_labels_overlay.png",
    ]  # fmt: skip


def test_image_stack_with_channels_is_measured_page_by_page(tmp_path, dinocell):
    write_labels(tmp_path / "a_labels.tif", two_cells(2), axes="T")
    image = np.zeros((2, 3, 20, 30), np.uint16)
    image[1, 2] = 9
    tifffile.imwrite(tmp_path / "a.tif", image, imagej=True, metadata={"axes": "TCYX"})
    result = dinocell(
        "export", tmp_path / "a_labels.tif", "-f", "csv",
        "-o", tmp_path, "--image", tmp_path / "a.tif",
    )  # fmt: skip
    assert result.status == 0, result.err
    table = (tmp_path / "a_labels_measurements.csv").read_text().splitlines()
    column = table[0].split(",").index("channel_2_mean")
    assert [float(row.split(",")[column]) for row in table[1:]] == [0, 0, 9, 9]


def test_what_one_format_cannot_hold_does_not_stop_the_others(tmp_path, dinocell):
    write_labels(tmp_path / "a_labels.tif", two_cells(3), axes="Z")
    result = dinocell(
        "export", tmp_path / "a_labels.tif", "-f", "png", "-f", "roi", "-o", tmp_path
    )
    assert result.status == 1
    assert "a_labels.tif, PNG: PNG holds one plane" in result.err
    assert "1 of 2 exports" in result.err
    assert names_in(tmp_path) == ["a_labels.tif", "a_labels_rois.zip"]


def test_labels_themselves_are_never_replaced(tmp_path, dinocell):
    write_labels(tmp_path / "a_labels.tif", two_cells())
    former = (tmp_path / "a_labels.tif").read_bytes()
    result = dinocell(
        "export", tmp_path / "a_labels.tif", "-f", "tif", "-o", tmp_path, "--overwrite"
    )
    assert result.status == 1
    assert "the labels itself" in result.err
    assert (tmp_path / "a_labels.tif").read_bytes() == former


def test_earlier_exports_are_replaced_only_on_demand(tmp_path, dinocell):
    write_labels(tmp_path / "a_labels.tif", two_cells())
    (tmp_path / "a_labels.geojson").write_text("former")
    command = ["export", tmp_path / "a_labels.tif", "-f", "geojson", "-o", tmp_path]
    result = dinocell(*command)
    assert result.status == 1
    assert "exists" in result.err
    assert (tmp_path / "a_labels.geojson").read_text() == "former"
    assert dinocell(*command, "--overwrite").status == 0
    assert (tmp_path / "a_labels.geojson").read_text() != "former"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("a.npy", b"no array", "cannot be read", id="damaged"),
        pytest.param("a.jpg", b"", "ending in .tif", id="kind"),
        pytest.param("missing.tif", None, "does not exist", id="missing"),
        pytest.param("empty", "folder", "No labels in", id="folder"),
    ],
)
def test_what_are_no_labels_is_said(tmp_path, dinocell, name, content, reason):
    if content == "folder":
        (tmp_path / name).mkdir()
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    result = dinocell("export", tmp_path / name, "-f", "csv", "-o", tmp_path / "out")
    assert result.status == 1
    assert reason in result.err
    assert names_in(tmp_path / "out") == []


def test_colour_pictures_are_no_labels(tmp_path, dinocell):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9, 3), np.uint8))
    result = dinocell("export", tmp_path / "a.png", "-f", "csv", "-o", tmp_path)
    assert result.status == 1
    assert "one number per pixel" in result.err


def test_image_of_another_shape_and_missing_image_are_said(tmp_path, dinocell):
    write_labels(tmp_path / "a_labels.tif", two_cells())
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((9, 9), np.uint8))
    command = ["export", tmp_path / "a_labels.tif", "-f", "overlay", "-o", tmp_path]
    result = dinocell(*command, "--image", tmp_path / "other.png")
    assert (result.status, "shape of the labels" in result.err) == (1, True)
    result = dinocell(*command, "--image", tmp_path)
    assert (result.status, "No image of the name 'a'" in result.err) == (1, True)


def test_exports_of_the_same_name_are_refused_before_any_work(tmp_path, dinocell):
    for folder in "ab":
        write_labels(tmp_path / folder / "a_labels.tif", two_cells())
    result = dinocell(
        "export", tmp_path / "*" / "*.tif", "-f", "csv", "-o", tmp_path / "out"
    )
    assert result.status == 1
    assert "the same name" in result.err
    assert names_in(tmp_path / "out") == []


def test_wrong_format_ends_with_status_2(tmp_path, dinocell):
    result = dinocell("export", "a.tif", "-f", "docx", "-o", tmp_path)
    assert result.status == 2
    assert "ome.zarr" in result.err
