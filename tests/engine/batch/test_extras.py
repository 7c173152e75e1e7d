"""Measurements and other formats that a batch writes besides labels."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.cli.conftest import discs
from tests.engine.batch.conftest import THREE, TWO

from napari_dinocell.engine.batch import extras as extras_module
from napari_dinocell.engine.batch.events import FileEnded, SummaryNotWritten
from napari_dinocell.engine.batch.joined_table import TABLE_NAME, join_tables
from napari_dinocell.engine.batch.run_batch import segment_batch
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.measure.measure_cells import CONFIDENCE
from napari_dinocell.engine.results.export_formats import EXTRA_FORMATS, FORMATS

if TYPE_CHECKING:
    from pathlib import Path

FOR_PLANES = [key for key in EXTRA_FORMATS if not FORMATS[key].needs_time]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def batch(bench: Any, *formats: str, **more: Any) -> Any:
    targets = plan_targets(sorted(bench.folder.iterdir()), bench.out, "tif")
    job = bench.job(also=formats, **more.pop("job", {}))
    return segment_batch(job, targets, table=bench.out / TABLE_NAME, **more)


def run(bench: Any, *formats: str, **more: Any) -> dict[str, str]:
    """Status of each image by its name."""
    events = batch(bench, *formats, **more)
    ended = [event for event in events if isinstance(event, FileEnded)]
    return {event.target.name: event.row.status for event in ended}


def write_stack(bench: Any, axes: str = "TYX") -> None:
    stack = np.stack([discs(*TWO), discs(*THREE)])
    path = bench.folder / "a.tif"
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": axes})


def test_one_table_has_the_cells_of_all_images(bench: Any) -> None:
    bench.write("a.tif", *TWO)
    rgb = np.dstack([discs(*THREE)] * 3)
    tifffile.imwrite(bench.folder / "b.tif", rgb, photometric="rgb")
    (bench.folder / "c.tif").write_text("no image")
    ended = run(bench, "csv")
    assert ended == {"a.tif": "done", "b.tif": "done", "c.tif": "failed"}
    table = rows(bench.out / TABLE_NAME)
    assert [row["image"] for row in table] == ["a.tif"] * 2 + ["b.tif"] * 3
    own = rows(bench.out / "a_labels_measurements.csv")
    assert [{"image": "a.tif", **row} for row in own] == [
        {name: row[name] for name in ("image", *own[0])} for row in table[:2]
    ]
    assert {row[CONFIDENCE] for row in table} == {"1.0"}
    assert {row["area_px"] for row in table} == {"25.0"}
    assert [row["intensity_mean"] for row in table] == ["200.0"] * 2 + [""] * 3
    assert [row["red_mean"] for row in table] == [""] * 2 + ["200.0"] * 3


def test_pages_of_a_stack_and_regions_are_measured(bench: Any) -> None:
    write_stack(bench)
    run(bench, "csv", job={"region": ((5, 35), (30, 55))})
    table = rows(bench.out / TABLE_NAME)
    assert [row["frame"] for row in table] == ["0", "1", "1"]
    places = {(row["centroid_y_px"], row["centroid_x_px"]) for row in table}
    assert places == {("30.0", "40.0"), ("10.0", "40.0")}
    assert {row[CONFIDENCE] for row in table} == {"1.0"}


def test_slices_of_a_volume_are_measured(bench: Any) -> None:
    write_stack(bench, "ZYX")
    bench.config = SegmentConfig().with_overrides(volume=True)
    run(bench, "csv")
    table = rows(bench.out / TABLE_NAME)
    labels = tifffile.imread(bench.out / "a_labels.tif")
    for z, page in enumerate(labels):
        found = [row["label"] for row in table if row["slice"] == str(z)]
        assert found == [str(cell) for cell in np.unique(page) if cell]
    assert {row["intensity_mean"] for row in table} == {"200.0"}


def test_measurements_are_of_the_labels_that_are_written(bench: Any) -> None:
    """Expanded and numbered, as the file has them."""
    bench.config = SegmentConfig().with_overrides(expand=2, consecutive_ids=True)
    bench.write("a.tif", *THREE)
    run(bench, "csv")
    labels = tifffile.imread(bench.out / "a_labels.tif")
    table = rows(bench.out / TABLE_NAME)
    found = {int(row["label"]): float(row["area_px"]) for row in table}
    areas = np.bincount(labels.ravel())
    assert found == {cell: areas[cell] for cell in (1, 2, 3)}
    assert areas[1] > 25


def test_every_format_is_written_beside_the_labels(bench: Any) -> None:
    bench.write("a.tif", *TWO)
    assert run(bench, *FOR_PLANES) == {"a.tif": "done"}
    for key in FOR_PLANES:
        assert FORMATS[key].path(bench.out, "a_labels").exists(), key
    outlines = json.loads((bench.out / "a_labels.geojson").read_text())
    assert len(outlines["features"]) == 2
    labels = tifffile.imread(bench.out / "a_labels.tif")
    np.testing.assert_array_equal(np.load(bench.out / "a_labels.npy"), labels)


def test_a_format_that_cannot_hold_an_image_fails_it_before_any_work(
    bench: Any,
) -> None:
    write_stack(bench)
    bench.write("b.tif", *TWO)
    assert run(bench, "png") == {"a.tif": "failed", "b.tif": "done"}
    assert not (bench.out / "a_labels.tif").exists()


def test_resuming_gives_the_same_table_and_keeps_other_images(bench: Any) -> None:
    for name, cells in (("a.tif", TWO), ("b.tif", THREE)):
        bench.write(name, *cells)
    run(bench)
    assert not (bench.out / TABLE_NAME).exists()
    assert set(run(bench, "csv", resume=True).values()) == {"done"}
    whole = (bench.out / TABLE_NAME).read_bytes()
    (bench.out / "b_labels_measurements.csv").unlink()
    assert run(bench, "csv", resume=True) == {"a.tif": "skipped", "b.tif": "done"}
    assert (bench.out / TABLE_NAME).read_bytes() == whole
    (bench.folder / "a.tif").unlink()
    assert run(bench, "csv", resume=True) == {"b.tif": "skipped"}
    images = [row["image"] for row in rows(bench.out / TABLE_NAME)]
    assert images == ["b.tif"] * 3 + ["a.tif"] * 2


def test_a_cancelled_batch_has_a_table_of_what_was_done(bench: Any) -> None:
    for name in ("a.tif", "b.tif"):
        bench.write(name, *TWO)
    done: list[str] = []
    for event in batch(bench, "csv", cancel=lambda: bool(done)):
        if isinstance(event, FileEnded):
            done.append(event.target.name)
    assert done == ["a.tif"]
    assert {row["image"] for row in rows(bench.out / TABLE_NAME)} == {"a.tif"}


def test_nothing_vouches_for_labels_whose_measurements_are_missing(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier table is not taken for that of labels that came later."""
    bench.write("a.tif", *TWO)
    run(bench, "csv")
    bench.write("a.tif", *THREE)

    def full(*_: Any) -> None:
        raise ExportError("No space.")

    with monkeypatch.context() as patch:
        patch.setattr(extras_module, "write_measurements", full)
        assert run(bench, "csv") == {"a.tif": "failed"}
    assert rows(bench.out / TABLE_NAME) == []
    assert run(bench, "csv", resume=True) == {"a.tif": "done"}
    assert len(rows(bench.out / TABLE_NAME)) == 3


def test_a_table_that_cannot_be_joined_is_said(bench: Any) -> None:
    bench.write("a.tif", *TWO)
    run(bench, "csv")
    own = bench.out / "a_labels_measurements.csv"
    own.write_bytes(b"label\n1,2,3\n")
    (said,) = (
        event
        for event in batch(bench, "csv", resume=True)
        if isinstance(event, SummaryNotWritten)
    )
    assert f"{own} is no table of measurements" in str(said.error)
    assert len(rows(bench.out / TABLE_NAME)) == 2


@pytest.mark.parametrize("former", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"image\nx"])
def test_a_table_of_another_kind_is_replaced(tmp_path: Path, former: bytes) -> None:
    """No matter what stands in its place; rows of images that it has stay."""
    own, path = tmp_path / "own.csv", tmp_path / "all.csv"
    own.write_text("label,area_px\n1,2.5\n")
    path.write_bytes(former)
    join_tables(path, {"=a.tif": own, "failed.tif": None})
    first, *rest = rows(path)
    assert first["image"] == "'=a.tif"
    assert (first["label"], first["area_px"]) == ("1", "2.5")
    assert [row["image"] for row in rest] == (["x"] if former == b"image\nx" else [])
