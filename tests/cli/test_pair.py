"""`dinocell pair`: from labels of cells and of nuclei to one table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.images.image_files import open_image
from tests.cli.conftest import names_in

if TYPE_CHECKING:
    from pathlib import Path

CELLS = np.zeros((16, 24), np.uint16)
CELLS[1:9, 1:9] = 3
CELLS[1:9, 12:20] = 40
NUCLEI = np.zeros_like(CELLS)
NUCLEI[3:6, 3:6] = 1
NUCLEI[12:14, 2:5] = 2
DNA = np.arange(CELLS.size, dtype=np.uint16).reshape(CELLS.shape)

RESULTS = ["{}_cytoplasm_labels.tif", "{}_nuclei_labels.tif", "{}_pairs.csv"]


def write(path: Path, pixels: Any, **more: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, pixels, photometric="minisblack", **more)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_stack_is_paired_page_by_page(dinocell: Any, tmp_path: Path) -> None:
    film: Any = {"imagej": True, "resolution": (2, 2)}
    film["metadata"] = {"axes": "TYX", "unit": "um", "finterval": 5}
    cells = write(tmp_path / "a_labels.tif", np.stack([CELLS, CELLS]), **film)
    empty = np.zeros_like(NUCLEI)
    nuclei = write(tmp_path / "n.tif", np.stack([NUCLEI, empty]), **film)
    image = write(tmp_path / "dna.tif", DNA)
    out = tmp_path / "out"
    result = dinocell("pair", cells, nuclei, "-o", out, "--image", image)
    assert result.status == 0, result.err
    assert "1 cell with a nucleus, 3 without; 1 nucleus without a cell." in result.err
    assert names_in(out) == [name.format("a") for name in RESULTS]
    own, rest = (open_image(out / f"a_{p}_labels.tif") for p in ("nuclei", "cytoplasm"))
    assert (own.axes, own.pixel_size) == (rest.axes, open_image(cells).pixel_size)
    first, second = own.pages()
    assert (set(np.unique(first)), second.max()) == ({0, 3}, 0)
    table = rows_of(out / "a_pairs.csv")
    assert [(r["frame"], r["time_s"], r["label"], r["nuclei"]) for r in table] == [
        ("0", "0.0", "3", "1"), ("0", "0.0", "40", "0"),
        ("1", "5.0", "3", "0"), ("1", "5.0", "40", "0"),
    ]  # fmt: skip
    assert [row["nucleus_area_um2"] for row in table] == ["2.25", "", "", ""]
    assert float(table[0]["cytoplasm_area_um2"]) == (64 - 9) / 4
    assert float(table[0]["nucleus_dna_mean"]) == DNA[3:6, 3:6].mean()


def test_folders_are_paired_by_names_and_give_one_table(
    dinocell: Any, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        write(tmp_path / "cells" / f"{name}_labels.tif", CELLS)
        write(tmp_path / "images" / f"{name}.tif", DNA)
    write(tmp_path / "cells" / "c_labels.tif", CELLS)  # without nuclei
    write(tmp_path / "nuclei" / "a_labels.tif", NUCLEI)
    write(tmp_path / "nuclei" / "b_labels.tif", NUCLEI[:, :-1])
    folders = [tmp_path / name for name in ("cells", "nuclei")]
    more = ["-o", tmp_path / "out", "--image", tmp_path / "images"]
    result = dinocell("pair", *folders, *more)
    assert result.status == 1
    assert "b_labels.tif: Expected labels of one image" in result.err
    assert "c_labels.tif: No image of the name 'c'" in result.err
    write(tmp_path / "nuclei" / "b_labels.tif", NUCLEI)
    write(tmp_path / "images" / "c.tif", DNA)
    result = dinocell("pair", *folders, *more)
    assert result.status == 1
    assert str(tmp_path / "nuclei" / "c_labels.tif") in result.err
    table = rows_of(tmp_path / "out" / "dinocell_pairs.csv")
    assert [row["image"] for row in table] == ["a_labels.tif"] * 2 + [
        "b_labels.tif"
    ] * 2
    assert float(table[0]["cell_images_mean"]) == DNA[1:9, 1:9].mean()


def test_results_never_replace_what_they_are_made_of(
    dinocell: Any, tmp_path: Path
) -> None:
    cells = write(tmp_path / "a_labels.tif", CELLS)
    nuclei = write(tmp_path / "a_nuclei_labels.tif", NUCLEI)
    result = dinocell("pair", cells, nuclei, "-o", tmp_path)
    assert result.status == 1
    assert "would be replaced" in result.err
    np.testing.assert_array_equal(tifffile.imread(nuclei), NUCLEI)


@pytest.mark.parametrize("cells", ["a_labels.tif", "gone.tif"])
def test_what_cannot_be_paired_is_said(
    dinocell: Any, tmp_path: Path, cells: str
) -> None:
    write(tmp_path / "a_labels.tif", CELLS)
    result = dinocell("pair", tmp_path / cells, tmp_path, "-o", tmp_path / "out")
    assert result.status == 1
    assert "Expected two files or two folders" in result.err
