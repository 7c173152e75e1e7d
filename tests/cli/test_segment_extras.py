"""`dinocell segment --measure --also ...`: what is written besides labels."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from napari_dinocell.engine.batch.preset import preset_of_labels, write_preset
from tests.cli.conftest import discs, names_in, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

TWO = ((10, 10), (30, 40))

LABELS = ["a_labels.json", "a_labels.tif"]
TABLES = ["a_labels_measurements.csv", "dinocell_measurements.csv"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "a.tif", discs(*TWO))


def test_cells_and_outlines_lie_beside_the_labels(
    segment: Any, image: Path, tmp_path: Path
) -> None:
    result = segment(image, "--measure", "--also", "roi, geojson")
    assert result.status == 0, result.err
    found = [*LABELS, *TABLES, "a_labels.geojson", "a_labels_rois.zip"]
    assert names_in(tmp_path / "out") == sorted(found)
    with (tmp_path / "out" / TABLES[1]).open(encoding="utf-8", newline="") as file:
        assert [row["image"] for row in csv.DictReader(file)] == ["a.tif"] * 2


def test_a_preset_says_what_else_is_written_unless_options_do(
    segment: Any, image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    assert segment(image).status == 0
    out = tmp_path / "out"
    made = preset_of_labels(out / "a_labels.json")
    values = {name: getattr(made, name) for name in ("model", "settings")}
    preset = type(made)(name="p", also=("csv", "npy"), **values)
    write_preset(tmp_path / "p.json", preset)
    for given, written in (
        (("--no-measure",), ["a_labels.npy"]),
        (("--also", "none"), []),
        ((), [*TABLES, "a_labels.npy"]),
    ):
        folder = tmp_path / f"out{len(written)}"
        run = segment(image, "-o", folder, "--preset", tmp_path / "p.json", *given)
        assert run.status == 0, run.err
        assert names_in(folder) == sorted([*LABELS, *written])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "out", "--also", "roi,xls"), "or none, got 'xls'"),
        (("-o", "out", "--also", "overlay"), "or none, got 'overlay'"),
        (("--measure", "--also", "roi"), "--measure and --also would write files"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_work(
    dinocell: Any, image: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    result = dinocell("segment", image, *options)
    assert result.status == 2
    assert said in result.err
    assert not (tmp_path / "out").exists()
