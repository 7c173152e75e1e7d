"""Measurements as CSV: one row per cell, every digit, readable by others."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.engine.results.label_images import awkward_labels

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.engine.results.export_labels import export_labels
from napari_dinocell.engine.results.measurements_csv import write_measurements

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table_reads_back_with_every_digit(tmp_path):
    columns = {
        "label": np.array([3, 70_000]),
        "area_um2": np.array([0.1 + 0.2, 1e-7]),
        "käse, mean": np.array([np.nan, 2.0]),
        "touches_border": np.array([True, False]),
    }
    write_measurements(tmp_path / "a.csv", columns)
    first, second = rows_of(tmp_path / "a.csv")
    assert list(first) == list(columns)
    assert first["label"] == "3"
    assert float(first["area_um2"]) == 0.1 + 0.2
    assert first["käse, mean"] == ""
    assert (second["label"], float(second["area_um2"])) == ("70000", 1e-7)
    assert (first["touches_border"], second["touches_border"]) == ("True", "False")


def test_columns_of_different_length_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("former")
    columns = {"label": np.arange(3), "area": np.arange(2)}
    with pytest.raises(ExportError, match="same length"):
        write_measurements(tmp_path / "a.csv", columns)
    assert (tmp_path / "a.csv").read_text() == "former"


def test_rows_are_those_of_measure_cells(tmp_path):
    labels = awkward_labels()
    image = np.random.default_rng(0).random(labels.shape)
    size = PixelSize(y=0.5, x=0.25)
    channels = {"intensity": image}
    export_labels(tmp_path / "a.csv", labels, "csv", channels=channels, pixel_size=size)
    expected = measure_cells(labels, channels=channels, spacing=(0.5, 0.25), unit="µm")
    rows = rows_of(tmp_path / "a.csv")
    assert list(rows[0]) == list(expected)
    for name in ("label", "area_um2", "intensity_mean"):
        np.testing.assert_array_equal([float(r[name]) for r in rows], expected[name])


def test_stack_has_a_row_per_cell_and_page_and_says_which(tmp_path):
    labels = np.zeros((2, 2, 5, 5), np.int32)
    labels[1, 0, 1:3, 1:3] = 4
    labels[1, 1, 0, 0] = 4
    image = np.zeros((2, 2, 5, 5), np.uint8)
    image[1, 1, 0, 0] = 7
    channels = {"dapi": image, "gfp": image + 2}
    export_labels(tmp_path / "a.csv", labels, "csv", axes="TZ", channels=channels)
    rows = rows_of(tmp_path / "a.csv")
    assert [
        (r["label"], r["frame"], r["slice"], float(r["area_px"])) for r in rows
    ] == [
        ("4", "1", "0", 4),
        ("4", "1", "1", 1),
    ]
    assert (float(rows[1]["dapi_mean"]), float(rows[1]["gfp_mean"])) == (7, 9)


def test_no_cells_give_a_header_alone(tmp_path):
    export_labels(tmp_path / "a.csv", np.zeros((4, 4), np.int32), "csv")
    assert rows_of(tmp_path / "a.csv") == []
    assert (tmp_path / "a.csv").read_text().startswith("label,area_px,")
