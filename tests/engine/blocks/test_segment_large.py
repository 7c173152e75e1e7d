"""Large images of a batch, in blocks: labels and records are those of whole planes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.engine.blocks.test_run import cells_on_noise, job_of, quick_network
from tests.ome_zarr_stores import snapshot, write_image

from napari_dinocell.engine.batch.events import FileDone, FileEnded, PartDone
from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.outputs import provenance_of_store
from napari_dinocell.engine.batch.run_batch import segment_batch
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.blocks import jobs, make_plan, segment_large
from napari_dinocell.engine.blocks.segment_large import SegmentLarge
from napari_dinocell.engine.errors import NotInBlocksError, PlanError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.segment_zarr import segment_zarr

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.batch.targets import Target

__all__ = ["quick_network"]

IN_BLOCKS = SegmentLarge(always=True, side=128)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    frames = np.stack([cells_on_noise((170, 230)), cells_on_noise((170, 230))[::-1]])
    return write_image(tmp_path / "a.zarr", frames, "tyx")


def target_of(image: Path, name: str = "cells") -> Target:
    (target,) = plan_targets([image], IntoImage(name=name))
    return target


def pages_of(labels: Path) -> np.ndarray:
    return np.stack(list(open_image(labels, as_labels=True).pages()))


def test_blocks_are_the_whole(movie: Path) -> None:
    job = job_of(cell_diameter=20.0)
    *_, whole = segment_batch(job, [target_of(movie, "whole")])
    assert isinstance(whole, FileEnded)
    assert whole.error is None
    *_, done = IN_BLOCKS(job, target_of(movie, "blocks"))
    assert isinstance(done, FileDone)
    labels = pages_of(movie / "labels" / "blocks")
    assert np.array_equal(labels, pages_of(movie / "labels" / "whole"))
    assert labels[0].any()
    told = [
        provenance_of_store(movie / "labels" / name) for name in ("whole", "blocks")
    ]
    one, two = (replace(p, created="", pages=()) for p in told if p is not None)
    assert one == two
    cells = [[page.cells for page in p.pages] for p in told if p is not None]
    assert cells[0] == cells[1]
    (again,) = segment_batch(job, [target_of(movie, "blocks")], resume=True)
    assert again.row.status == "skipped"
    assert [path.name for path in movie.parent.iterdir()] == ["a.zarr"]


def test_large_planes_are_cut_unasked(
    movie: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Any] = []
    job: dict[str, Any] = {"device": "cpu", "cell_diameter": None, "overwrite": True}
    segment_zarr(movie, ranges={"T": (0, 1)}, report=events.append, **job)
    assert not any(isinstance(event, PartDone) for event in events)
    expected = pages_of(movie / "labels" / "cells")
    monkeypatch.setattr(segment_large, "spare_memory", lambda: 170 * 230 * 64 - 1)
    segment_zarr(movie, ranges={"T": (0, 1)}, report=events.append, **job)
    steps = {event.step for event in events if isinstance(event, PartDone)}
    assert steps == {"network", "cells", "labels", "image"}
    assert np.array_equal(pages_of(movie / "labels" / "cells"), expected)


def test_what_blocks_cannot_do(movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotInBlocksError, match="linked ids are asked for"):
        segment_zarr(movie, device="cpu", link=True, blocks=True)

    def refuse(*_: object) -> None:
        raise NotInBlocksError("a mask")

    monkeypatch.setattr(make_plan, "_require_possible", refuse)
    plain: dict[str, Any] = {"device": "cpu", "cell_diameter": None}
    with pytest.raises(NotInBlocksError, match="a mask"):
        segment_zarr(movie, blocks=True, **plain)
    monkeypatch.setattr(segment_large, "spare_memory", lambda: 1)
    (labels,) = segment_zarr(movie, **plain)
    assert pages_of(labels).any()
    assert [path.name for path in movie.parent.iterdir()] == ["a.zarr"]


def test_what_failed_goes_on(movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(cell_diameter=None)
    before = snapshot(movie)
    find_cells, calls = jobs._find_cells, []

    def failing(folder: Any, number: int, halo: Any) -> None:
        calls.append(number)
        if len(calls) == 2:
            raise PlanError("a chunk cannot be read")
        find_cells(folder, number, halo)

    monkeypatch.setattr(jobs, "_find_cells", failing)
    with pytest.raises(PlanError, match="a chunk") as caught:
        list(IN_BLOCKS(job, target_of(movie)))
    (kept,) = (path for path in movie.parent.iterdir() if path != movie)
    assert caught.value.__notes__ == [f"What is done is kept in {kept}."]
    assert snapshot(movie) == before
    count = len(calls)
    *_, done = IN_BLOCKS(job, target_of(movie))
    assert isinstance(done, FileDone)
    assert len(calls) - count == 1 + 4  # the one that failed, and those of page 1
    assert not kept.exists()
