"""Disks that are full and files that are damaged: others go on, and a rerun resumes."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from tests.engine.blocks.test_run import (
    Smoothing,
    image,
    job_of,
    labels_of,
    planned,
    quick_network,
)

from napari_dinocell.engine.blocks import jobs
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.make_plan import make_plan
from napari_dinocell.engine.blocks.run import run_stage
from napari_dinocell.engine.blocks.source import PlaneSource
from napari_dinocell.engine.blocks.work_folder import Stage
from napari_dinocell.engine.errors import ExportError, PlanError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["image", "quick_network"]


def test_full_disk_and_damaged_map_cost_their_jobs_only(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = planned(image, job_of(cell_diameter=None), tmp_path / "run")
    list(run_stage(folder, Stage.NETWORK, Serial()))
    part = folder.result(Stage.NETWORK, 0)
    chunk = part / "map" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:40])
    with pytest.raises(PlanError, match=r"network/00000/map cannot be read.* Remove"):
        list(run_stage(folder, Stage.CELLS, Serial()))
    missing = folder.pending(Stage.CELLS)
    assert 0 < len(missing) < folder.count(Stage.CELLS)

    shutil.rmtree(part)
    assert folder.pending(Stage.NETWORK) == [0]
    list(run_stage(folder, Stage.NETWORK, Serial()))
    write = jobs.write_arrays

    def full(path: Path, arrays: Any) -> None:
        if path.parent.name.startswith(".00000"):
            path.write_bytes(b"half of i")
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "write_arrays", full)
        with pytest.raises(ExportError, match=r"No space left on device\. Free space"):
            list(run_stage(folder, Stage.CELLS, Serial()))
    assert folder.pending(Stage.CELLS) == [0]
    assert len(list((folder.path / "cells").iterdir())) == len(folder.plan.grid) - 1

    other = planned(image, job_of(cell_diameter=None), tmp_path / "other")
    assert np.array_equal(labels_of(folder), labels_of(other))


def test_what_is_done_is_not_taken_away(image: Path, tmp_path: Path) -> None:
    """By a process that was taken for lost, nor by a stage that begins again."""
    folder = planned(image, job_of(cell_diameter=None), tmp_path / "run")
    for content in ("first", "late"):
        with folder.new_result(Stage.NETWORK, 0) as path:
            (path / "map").write_text(content)
    assert (folder.result(Stage.NETWORK, 0) / "map").read_text() == "first"
    assert [path.name for path in (folder.path / "network").iterdir()] == ["00000"]

    window = folder.plan.grid.window(0)
    folder.create_labels(Stage.LABELS)
    folder.write_labels(Stage.LABELS, window, np.full(window.shape, 7, np.int32))
    folder.create_labels(Stage.LABELS)
    assert (folder.labels(Stage.LABELS)[window.slices] == 7).all()


def test_plan_pins_the_number_of_threads(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last bits of a map depend on it, so that machines have to agree."""
    forward, seen = Smoothing.forward, set()

    def counting(self: Smoothing, tiles: torch.Tensor) -> torch.Tensor:
        seen.add(torch.get_num_threads())
        return forward(self, tiles)

    monkeypatch.setattr(Smoothing, "forward", counting)
    before = torch.get_num_threads()
    folder = make_plan(
        job_of(cell_diameter=None),
        PlaneSource(path=str(image)),
        tmp_path / "run",
        side=128,
        precision="float32",
        threads=before + 2,
    )
    list(run_stage(folder, Stage.NETWORK, Serial(), share=(0, 4)))
    assert seen == {before + 2}
    assert torch.get_num_threads() == before
