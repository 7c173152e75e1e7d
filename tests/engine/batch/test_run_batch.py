"""Many images: none stops the others, and nothing that was done is lost."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.cli.conftest import CRASH_VALUE, DEGRADE_VALUE, FakeSegmenter
from tests.engine.batch.conftest import THREE, TWO, Bench

from napari_dinocell.engine.batch import run_batch
from napari_dinocell.engine.batch.events import (
    FileEnded,
    FileStarted,
    SummaryNotWritten,
)
from napari_dinocell.engine.errors import (
    CheckpointError,
    DeviceError,
    ExportError,
    NeedsTrainingError,
)
from napari_dinocell.engine.inference.events import TileDone

if TYPE_CHECKING:
    from pathlib import Path


def ended(events: list[Any]) -> list[FileEnded]:
    return [event for event in events if isinstance(event, FileEnded)]


def statuses(events: list[Any]) -> list[str]:
    return [event.row.status for event in ended(events)]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(path: Path, name: str) -> list[str]:
    return [row[name] for row in table(path)]


def test_bad_file_in_the_middle_does_not_stop_the_others(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    (bench.folder / "b.tif").write_text("no image")
    bench.write("c.tif", first=CRASH_VALUE)
    bench.write("d.tif", *THREE)
    events = bench.run()
    assert statuses(events) == ["done", "failed", "failed", "done"]
    rows = table(bench.summary)
    assert [row["file"] for row in rows] == ["a.tif", "b.tif", "c.tif", "d.tif"]
    assert [row["cells"] for row in rows] == ["2", "", "", "3"]
    assert "cannot be read as TIFF" in rows[1]["remark"]
    assert "unexpected ZeroDivisionError: a fault" in rows[2]["remark"]
    assert float(rows[3]["seconds"]) >= 0
    assert isinstance(ended(events)[2].error, ZeroDivisionError)


def test_events_of_a_file_lie_between_its_start_and_its_end(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    bench.write("b.tif", *TWO)
    events = bench.run()
    marks = [e.number for e in events if isinstance(e, FileStarted | FileEnded)]
    assert marks == [0, 0, 1, 1]
    assert isinstance(events[0], FileStarted)
    assert isinstance(events[-1], FileEnded)
    assert sum(isinstance(event, TileDone) for event in events) == 2


def test_all_bad_files_are_listed_with_their_reasons(bench: Bench) -> None:
    for name in ("a.tif", "b.png", "c.jpg"):
        (bench.folder / name).write_bytes(b"")
    assert statuses(bench.run()) == ["failed"] * 3
    assert all("is empty" in remark for remark in column(bench.summary, "remark"))
    assert [path.name for path in bench.out.iterdir()] == [bench.summary.name]


def test_no_image_gives_an_empty_table(bench: Bench) -> None:
    assert bench.run() == []
    assert table(bench.summary) == []


def test_what_was_odd_is_remarked(bench: Bench) -> None:
    bench.write("a.tif", *TWO, first=DEGRADE_VALUE)
    bench.write_pixels("b.tif", np.full((2, 40, 60), 7, np.uint8))
    bench.run()
    assert column(bench.summary, "remark") == [
        "short of memory",
        "holds one single value",
    ]
    assert column(bench.summary, "pages") == ["1", "2"]


@pytest.mark.parametrize("kind", [CheckpointError, DeviceError, NeedsTrainingError])
def test_fault_of_all_stops_the_batch(
    bench: Bench, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.tif", *TWO)
    bench.write("b.tif", *TWO)

    def fail(*_: Any, **__: Any) -> None:
        raise kind("for all")

    monkeypatch.setattr(FakeSegmenter, "steps", fail)
    with pytest.raises(kind, match="for all"):
        bench.run()
    assert column(bench.summary, "status") == ["not done"] * 2


def test_folder_that_cannot_be_written_is_said_before_any_work(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    bench.out.write_text("a file in place of the folder")
    with pytest.raises(ExportError, match="could not be written"):
        bench.run()
    assert FakeSegmenter.calls == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_read_only_folder_is_said_before_any_work(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    bench.out.mkdir()
    bench.out.chmod(0o500)
    with pytest.raises(ExportError, match="could not be written"):
        bench.run()
    assert FakeSegmenter.calls == []


def test_table_on_disk_is_up_to_date_after_each_file(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    bench.write("b.tif", *TWO)
    seen = []
    for event in bench.batch():
        if isinstance(event, FileStarted | FileEnded):
            seen.append(column(bench.summary, "status"))
    assert seen == [
        ["not done", "not done"],
        ["done", "not done"],
        ["done", "not done"],
        ["done", "done"],
    ]


def test_table_that_is_held_open_does_not_stop_the_batch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spreadsheet locks the file that it shows."""
    bench.write("a.tif", *TWO)
    bench.write("b.tif", *TWO)
    batch = bench.batch()
    events = [next(batch)]
    write = run_batch.write_summary
    refusals = iter([ExportError("held open")])

    def write_later(*arguments: Any) -> None:
        for error in refusals:
            raise error
        write(*arguments)

    monkeypatch.setattr(run_batch, "write_summary", write_later)
    events += batch
    assert sum(isinstance(event, SummaryNotWritten) for event in events) == 1
    assert column(bench.summary, "status") == ["done", "done"]


def test_cancel_in_the_middle_then_resume_skips_what_is_done(bench: Bench) -> None:
    for name in "abcd":
        bench.write(f"{name}.tif", *TWO)
    events = []
    batch = bench.batch(cancel=lambda: len(ended(events)) == 2)
    for event in batch:
        events.append(event)
    assert statuses(events) == ["done", "done"]
    assert column(bench.summary, "status") == ["done", "done", "not done", "not done"]
    FakeSegmenter.calls.clear()
    again = bench.run(resume=True)
    assert statuses(again) == ["skipped", "skipped", "done", "done"]
    assert len(FakeSegmenter.calls) == 2
    assert column(bench.summary, "cells") == ["2"] * 4


def test_cancel_within_a_file_leaves_its_former_labels(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    bench.run()
    before = (bench.out / "a_labels.tif").read_bytes()
    bench.write("a.tif", *THREE)
    tiles: list[TileDone] = []

    def steps(*_: Any, cancel: Any, **__: Any) -> Any:
        tiles.append(TileDone(1, 2, (slice(None), slice(None))))
        yield tiles[0]
        assert cancel()

    bench.segmenter.steps = steps  # type: ignore[method-assign]
    events = bench.run(cancel=lambda: bool(tiles))
    assert ended(events) == []
    assert (bench.out / "a_labels.tif").read_bytes() == before
    assert (bench.out / "a_labels.json").is_file()


def test_closing_the_iterator_leaves_no_half_file(bench: Bench) -> None:
    bench.write("a.tif", *TWO)
    batch = bench.batch()
    next(event for event in batch if isinstance(event, TileDone))
    batch.close()
    assert [path.name for path in bench.out.iterdir()] == [bench.summary.name]


def test_rows_of_other_images_stay_in_the_table(bench: Bench) -> None:
    bench.run([bench.write("a.tif", *TWO)])
    bench.run([bench.write("b.tif", *THREE)])
    bench.run([bench.write("a.tif", *THREE)])
    assert column(bench.summary, "file") == ["a.tif", "b.tif"]
    assert column(bench.summary, "cells") == ["3", "3"]


@pytest.mark.parametrize(
    "text",
    ["a;b\n1;2\n", "", '"', "\x00\xff", "file,labels,status\n1,2\n"],
    ids=["other", "empty", "cut-off", "binary", "fewer columns"],
)
def test_table_of_another_kind_is_replaced(bench: Bench, text: str) -> None:
    bench.out.mkdir()
    bench.summary.write_bytes(text.encode("latin-1"))
    bench.run([bench.write("a.tif", *TWO)])
    assert column(bench.summary, "status") == ["done"]


def test_names_and_reasons_survive_in_the_table(bench: Bench) -> None:
    name = 'ä, "b"; c.tif'
    (bench.folder / name).write_text("no image")
    bench.run()
    (row,) = table(bench.summary)
    assert row["file"] == name
    assert name in row["remark"]
