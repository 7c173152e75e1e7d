"""Names that file systems allow and programs trip over: one never stops the others."""

from __future__ import annotations

import csv
import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests.engine.batch.conftest import THREE, TWO

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.batch.conftest import Bench

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")


def rows(bench: Bench) -> list[dict[str, str]]:
    with bench.summary.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def renamed(path: Path, name: bytes) -> None:
    os.rename(path, os.path.join(os.fsencode(path.parent), name))


@LINUX
@pytest.mark.parametrize("resume", [False, True])
def test_name_that_is_not_utf8(bench: Bench, resume: bool) -> None:
    renamed(bench.write("a.tif", *TWO), b"caf\xe9.tif")
    bench.write("z.tif", *THREE)
    bench.run(resume=resume)
    table = rows(bench)
    assert [row["status"] for row in table] == ["done", "done"]
    assert table[0]["file"] == "caf\\xe9.tif"
    bench.run(resume=True)
    assert [row["status"] for row in rows(bench)] == ["skipped", "skipped"]


@LINUX
@pytest.mark.parametrize("resume", [False, True])
def test_name_to_which_nothing_can_be_added(bench: Bench, resume: bool) -> None:
    bench.write("a" * 250 + ".tif", *TWO)
    bench.write("z.tif", *THREE)
    bench.run(resume=resume)
    failed, done = rows(bench)
    assert (failed["status"], done["status"]) == ("failed", "done")
    assert "File name too long" in failed["remark"]


@LINUX
@pytest.mark.parametrize("resume", [False, True])
def test_longest_name_of_labels_that_there_can_be(bench: Bench, resume: bool) -> None:
    bench.write("ä" * 60 + "b" * (255 - 120 - len("_labels.json")) + ".tif", *TWO)
    bench.run(resume=resume)
    assert [row["status"] for row in rows(bench)] == ["done"]
    assert len(list(bench.out.glob("*_labels.tif"))) == 1


def test_name_that_a_spreadsheet_would_compute(bench: Bench) -> None:
    bench.write("=1+1.tif", *TWO)
    bench.run()
    (row,) = rows(bench)
    assert (row["file"], row["labels"]) == ("'=1+1.tif", "'=1+1_labels.tif")
    bench.run(resume=True)
    assert [row["status"] for row in rows(bench)] == ["skipped"]
