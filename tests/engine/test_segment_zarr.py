"""`segment_zarr`: one call for images and plates."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import yaozarrs
from tests.cli.conftest import FakeSegmenter, discs
from tests.ome_zarr_stores import snapshot, write_image, write_plate

import napari_dinocell
from napari_dinocell import segment_zarr
from napari_dinocell.engine.batch import make_job
from napari_dinocell.engine.batch.events import FileEnded
from napari_dinocell.engine.errors import ExportError, ImageFileError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.ome_zarr.node import open_node

TWO = ((10, 10), (30, 40))


@pytest.fixture(autouse=True)
def stand_in(tmp_path, monkeypatch):
    """Bright discs are cells; the bundled model is only named."""
    FakeSegmenter.calls = []
    monkeypatch.setattr(make_job, "Segmenter", FakeSegmenter)


def test_one_image(tmp_path):
    path = write_image(tmp_path / "a.zarr", np.stack([discs(*TWO)] * 3), "cyx")
    (labels,) = segment_zarr(path, labels="mine", channel=1, min_size=3)
    assert labels == path / "labels" / "mine"
    (page,) = open_image(labels, as_labels=True).pages()
    assert page.max() == 2
    assert FakeSegmenter.calls[0][1].watershed.min_size == 3
    with pytest.raises(ExportError, match="already") as caught:
        segment_zarr(str(path), labels="mine")
    assert caught.value.__notes__ == ["while segmenting a.zarr"]
    assert segment_zarr(path, labels="mine", overwrite=True) == [labels]
    assert segment_zarr(path, labels="mine", resume=True) == [labels]
    assert len(FakeSegmenter.calls) == 2


def test_a_lineage_is_among_the_metadata(tmp_path):
    frames = np.full((5, 40, 60), 10, np.uint8)
    frames[:3, 10:20, 20:40] = 200
    frames[3:, 10:20, 17:27] = frames[3:, 10:20, 29:39] = 200
    path = write_image(tmp_path / "a.zarr", frames, "tyx")
    (labels,) = segment_zarr(path, link=True, lineages=True, consecutive_ids=True)
    assert open_node(labels).attributes["dinocell_lineage"] == [
        {"id": 1, "first": 0, "last": 2, "parent": 0},
        {"id": 2, "first": 3, "last": 4, "parent": 1},
        {"id": 3, "first": 3, "last": 4, "parent": 1},
    ]


def test_a_plate_with_a_bad_well(tmp_path):
    wells = {name: [discs(*TWO), discs()] for name in ("A/1", "A/2", "B/1")}
    plate = write_plate(tmp_path / "p.zarr", wells)
    shutil.rmtree(plate / "A" / "2" / "0" / "s0")
    before = snapshot(plate / "A" / "2")
    ended = []

    def report(event: object) -> None:
        ended.extend([event] if isinstance(event, FileEnded) else [])

    with pytest.raises(ExceptionGroup, match="1 of 2 images") as caught:
        segment_zarr(plate, wells=("A/*",), fields=(0,), report=report)
    (error,) = caught.value.exceptions
    assert isinstance(error, ImageFileError)
    assert "p.zarr/A/2/0" in str(error)
    assert [event.row.status for event in ended] == ["done", "failed"]
    assert snapshot(plate / "A" / "2") == before
    done = segment_zarr(plate, wells=("B/1",), resume=True)
    assert [p.relative_to(plate).as_posix() for p in done] == [
        "B/1/0/labels/cells", "B/1/1/labels/cells",
    ]  # fmt: skip


def test_pages_in_a_range(tmp_path):
    path = write_image(tmp_path / "a.zarr", np.stack([discs(*TWO)] * 4), "zyx")
    (labels,) = segment_zarr(path, ranges={"Z": (1, 3)}, region=((0, 20), (0, 60)))
    pages = list(open_image(labels, as_labels=True).pages())
    assert [page.max() for page in pages] == [0, 1, 1, 0]
    yaozarrs.validate_zarr_store(str(path))


def test_it_is_a_public_name():
    assert "segment_zarr" in napari_dinocell.__all__
    assert napari_dinocell.segment_zarr is segment_zarr


def test_other_files_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", discs())
    with pytest.raises(ExportError, match=r"a\.npy is no OME-Zarr"):
        segment_zarr(tmp_path / "a.npy")
