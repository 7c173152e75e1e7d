"""`dinocell measure`: from label images to a table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.cli import main
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels

if TYPE_CHECKING:
    from pathlib import Path

LABELS = np.zeros((12, 16), np.uint16)
LABELS[1:4, 2:7] = 3
LABELS[6:11, 9:12] = 40
DNA = np.arange(LABELS.size, dtype=np.uint16).reshape(LABELS.shape)


def measure(*arguments: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["measure", *map(str, arguments)])
    assert ended.value.code == 0


def refuse(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["measure", *map(str, arguments)])
    assert ended.value.code in (1, 2)
    return " ".join(capsys.readouterr().err.split())


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_row_per_cell_in_pixels(tmp_path: Path) -> None:
    labels, table = tmp_path / "labels.png", tmp_path / "out" / "cells.csv"
    cv2.imwrite(str(labels), LABELS)
    measure(labels, "-o", table)
    rows = rows_of(table)
    assert [row["label"] for row in rows] == ["3", "40"]
    assert [float(row["area_px"]) for row in rows] == [15, 15]
    assert "frame" not in rows[0]


@pytest.mark.parametrize(
    ("option", "column", "area"),
    [
        ([], "area_um2", 15 * 0.25),
        (["--pixel-size", "2"], "area_um2", 15 * 4),
        (["--pixel-size", "2,3"], "area_um2", 15 * 6),
        (["--pixel-size", "none"], "area_px", 15),
    ],
    ids=["of the file", "square", "two lengths", "none"],
)
def test_pixel_size_gives_the_unit(
    tmp_path: Path, option: list[str], column: str, area: float
) -> None:
    labels, table = tmp_path / "labels.tif", tmp_path / "cells.csv"
    metadata = {"unit": "um"}
    tifffile.imwrite(labels, LABELS, imagej=True, resolution=(2, 2), metadata=metadata)
    measure(labels, "-o", table, *option)
    assert float(rows_of(table)[0][column]) == pytest.approx(area)


def test_stacks_are_measured_page_by_page(tmp_path: Path) -> None:
    labels, image, single = (tmp_path / f"{n}.tif" for n in ("labels", "dna", "flat"))
    stack = np.stack([LABELS, np.zeros_like(LABELS), LABELS])
    tifffile.imwrite(labels, stack, imagej=True, metadata={"axes": "TYX"})
    images = np.stack([DNA, DNA, DNA + 1000])
    tifffile.imwrite(image, images, imagej=True, metadata={"axes": "TYX"})
    tifffile.imwrite(single, DNA)
    table = tmp_path / "cells.csv"
    measure(labels, "-i", image, "--image", single, "-o", table)
    rows = rows_of(table)
    assert [(row["frame"], row["label"]) for row in rows] == [
        ("0", "3"), ("0", "40"), ("2", "3"), ("2", "40"),
    ]  # fmt: skip
    mean = DNA[LABELS == 40].mean()
    assert [float(row["dna_mean"]) for row in rows][1::2] == [mean, mean + 1000]
    assert [float(row["flat_mean"]) for row in rows][1::2] == [mean, mean]


@pytest.mark.parametrize("option", [(), ("--pixel-size", "none")])
def test_cells_of_slices_have_volumes(tmp_path: Path, option: tuple[str, ...]) -> None:
    labels, table = tmp_path / "labels.tif", tmp_path / "cells.csv"
    stack = np.stack([LABELS, np.where(LABELS == 3, LABELS, 0)])
    spaced = {"axes": "ZYX", "unit": "um", "spacing": 2.0}
    tifffile.imwrite(labels, stack, imagej=True, resolution=(2, 2), metadata=spaced)
    measure(labels, "-o", table, *option)
    name, voxel = ("volume_voxels", 1) if option else ("volume_um3", 0.5)
    found = [(row["label"], float(row[name])) for row in rows_of(table)]
    assert found == [("3", 30 * voxel), ("40", 15 * voxel), ("3", 30 * voxel)]


def test_all_channels_and_colours_are_measured(tmp_path: Path) -> None:
    labels, channels, rgb = (tmp_path / n for n in ("l.png", "c.tif", "rgb.png"))
    cv2.imwrite(str(labels), LABELS)
    pair = np.stack([DNA, DNA * 2])
    tifffile.imwrite(channels, pair, imagej=True, metadata={"axes": "CYX"})
    cv2.imwrite(str(rgb), np.dstack([np.full(LABELS.shape, v) for v in (3, 2, 1)]))
    table = tmp_path / "cells.csv"
    measure(labels, "-i", channels, "-i", rgb, "-o", table)
    row = rows_of(table)[0]
    assert float(row["c 1_mean"]) == 2 * float(row["c 0_mean"])
    found = [row[f"rgb {c}_mean"] for c in ("red", "green", "blue")]
    assert list(map(float, found)) == [1, 2, 3]


def test_images_of_one_name_stay_apart(tmp_path: Path) -> None:
    paths = [tmp_path / day / "dna.png" for day in ("a", "b")]
    for value, path in enumerate(paths):
        path.parent.mkdir()
        cv2.imwrite(str(path), np.full(LABELS.shape, value, np.uint8))
    labels, table = tmp_path / "labels.png", tmp_path / "cells.csv"
    cv2.imwrite(str(labels), LABELS)
    measure(labels, "-i", paths[0], "-i", paths[1], "-o", table)
    row = rows_of(table)[0]
    assert [float(row["dna 0_mean"]), float(row["dna 1_mean"])] == [0, 1]


def test_labels_without_cells_give_the_header(tmp_path: Path) -> None:
    labels, table = tmp_path / "labels.png", tmp_path / "cells.csv"
    cv2.imwrite(str(labels), np.zeros_like(LABELS))
    measure(labels, "-o", table)
    assert table.read_text(encoding="utf-8").startswith("label,area_px,")
    assert rows_of(table) == []


@pytest.mark.parametrize("text", ["0", "-1", "a", "1,2,3", "inf", ""])
def test_pixel_size_has_to_be_lengths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    said = refuse(capsys, "l.png", "-o", tmp_path / "t.csv", f"--pixel-size={text}")
    assert "expected µm" in said


def test_image_of_another_size_is_refused_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, image = tmp_path / "labels.png", tmp_path / "dna.png"
    cv2.imwrite(str(labels), LABELS)
    cv2.imwrite(str(image), DNA[:-1].astype(np.uint8))
    table = tmp_path / "t.csv"
    assert "Expected the planes of the labels" in refuse(
        capsys, labels, "-i", image, "-o", table
    )
    assert not table.exists()


def test_a_picture_is_no_label_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "rgb.png"
    cv2.imwrite(str(picture), np.zeros((5, 6, 3), np.uint8))
    said = refuse(capsys, picture, "-o", tmp_path / "t.csv")
    assert "without channels or colours" in said


@pytest.mark.parametrize("key", ["roi", "geojson", "coco", "npy"])
def test_whatever_is_exported_is_measured(tmp_path: Path, key: str) -> None:
    labels, image, table = (tmp_path / n for n in ("l.tif", "i.tif", "t.csv"))
    tifffile.imwrite(labels, LABELS)
    tifffile.imwrite(image, DNA)
    measure(labels, "-i", image, "-o", table)
    expected = table.read_text(encoding="utf-8")
    path = FORMATS[key].path(tmp_path, "l")
    export_labels(path, LABELS, key)
    measure(path, "-i", image, "-o", table)
    assert table.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("value", [1, 255])
def test_pieces_of_a_mask_are_measured_and_it_is_said(
    tmp_path: Path, value: int, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, table = tmp_path / "mask.png", tmp_path / "t.csv"
    cv2.imwrite(str(labels), (LABELS > 0).astype(np.uint8) * value)
    measure(labels, "-o", table)
    assert [row["label"] for row in rows_of(table)] == ["1", "2"]
    assert "taken for a mask" in capsys.readouterr().err


def test_time_of_each_frame_is_told_in_seconds(tmp_path: Path) -> None:
    labels, table = tmp_path / "l.tif", tmp_path / "t.csv"
    metadata = {"axes": "TYX", "finterval": 30.0}
    tifffile.imwrite(labels, np.stack([LABELS] * 2), imagej=True, metadata=metadata)
    measure(labels, "-o", table)
    rows = rows_of(table)
    assert list(rows[0])[:3] == ["label", "frame", "time_s"]
    assert [row["time_s"] for row in rows] == ["0.0", "0.0", "30.0", "30.0"]
