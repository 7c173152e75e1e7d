"""`dinocell segment --lineages`: ids from birth to division, and a table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import write_tiff

if TYPE_CHECKING:
    from pathlib import Path


def division() -> np.ndarray:
    """A mother in three frames, and then her daughters: the right one stays nearer."""
    frames = np.zeros((6, 40, 60), np.uint8)
    frames[:3, 10:20, 20:40] = 200
    frames[3:, 10:20, 17:27] = 200
    frames[3:, 10:20, 29:39] = 200
    return frames


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    options = {"imagej": True, "metadata": {"axes": "TYX"}}
    return write_tiff(tmp_path / "a.tif", division(), **options)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return tmp_path / "out" / "a_labels.tif"


def table_of(labels: Path) -> list[tuple[int, ...]]:
    """Rows of the table: id, first, last, parent."""
    text = labels.with_name("a_labels_lineage.csv").read_text()
    header, *rows = text.split()
    assert header == "id,first,last,parent"
    return [tuple(map(int, row.split(","))) for row in rows]


def test_daughters_have_ids_of_their_own_and_a_mother(segment, movie, labels):
    outcome = segment(movie, "--lineages")
    assert outcome.status == 0
    assert "1 division" in outcome.out
    found = tifffile.imread(labels)
    assert np.unique(found[:3]).tolist() == [0, 1]
    daughters = found[3, 15, 20], found[3, 15, 35]
    assert 1 not in daughters
    assert table_of(labels) == [
        (1, 0, 2, 0),
        *sorted((int(cell), 3, 5, 1) for cell in daughters),
    ]
    record = read_provenance(labels.with_suffix(".json"))
    assert record.settings.link
    assert record.settings.lineages
    assert (record.lineage.tracks, record.lineage.divisions) == (3, 1)
    assert [page.cells for page in record.pages] == [1, 1, 1, 2, 2, 2]


def test_consecutive_ids_are_those_of_the_table(segment, movie, labels):
    assert segment(movie, "--link", "--lineages", "--consecutive-ids").status == 0
    assert table_of(labels) == [(1, 0, 2, 0), (2, 3, 5, 1), (3, 3, 5, 1)]
    assert np.unique(tifffile.imread(labels)[3:]).tolist() == [0, 2, 3]


def test_a_lost_table_is_made_again(segment, movie, labels):
    segment(movie, "--lineages")
    assert "skipped" in segment(movie, "--lineages", "--resume").out
    before = table_of(labels)
    labels.with_name("a_labels_lineage.csv").unlink()
    assert "skipped" not in segment(movie, "--lineages", "--resume").out
    assert table_of(labels) == before


@pytest.mark.parametrize(
    ("axes", "options", "said"),
    [
        ("ZYX", ["--lineages"], "Expected frames (T) to find lineages in a.tif"),
        ("TYX", ["--lineages", "--no-link"], "whose cells are linked"),
        ("ZYX", ["--lineages", "--volume"], "volumes are not linked through time"),
    ],
    ids=["slices", "unlinked", "volume"],
)
def test_what_has_no_lineage_is_refused(segment, tmp_path, axes, options, said):
    options_of_file = {"imagej": True, "metadata": {"axes": axes}}
    path = write_tiff(tmp_path / "a.tif", division(), **options_of_file)
    outcome = segment(path, *options)
    assert outcome.status == 1
    assert said in " ".join(outcome.err.split())
