"""Jobs on a cluster of dask: two processes, of which one is killed."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.engine.blocks.test_killed import image, predicted, workers_now
from tests.engine.blocks.test_run import job_of, labels_of, planned, quick_network

from napari_dinocell.cluster.names import SchedulerName
from napari_dinocell.cluster.where import Where, open_executors
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.run import run_stage
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder
from napari_dinocell.engine.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("distributed", reason="needs the extra cluster")
__all__ = ["image", "predicted", "quick_network"]


def damaged_copy(folder: WorkFolder, path: Path) -> WorkFolder:
    """Of a run whose map cannot be read, but for the part of its last tiles."""
    shutil.copytree(folder.path, path)
    chunk = path / "network" / "00000" / "map" / "c" / "0" / "0"
    chunk.write_bytes(b"torn")
    return WorkFolder(path)


def test_a_killed_worker_and_a_damaged_file_cost_their_jobs_only(
    predicted: WorkFolder,
    image: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    two = Where(scheduler=SchedulerName.dask, workers=2)
    torn = damaged_copy(predicted, tmp_path / "torn")
    told: list[str] = []
    on_gpus = replace(predicted.plan, device="cuda")
    with open_executors(two, on_gpus, told.append) as executor_of:
        pinned = executor_of(Stage.NETWORK)._client.run(
            os.getenv, "CUDA_VISIBLE_DEVICES"
        )
        assert sorted(pinned.values()) == ["4", "5"]

        with pytest.raises(PlanError, match=r"00000/map cannot be read.* Remove"):
            list(run_stage(torn, Stage.CELLS, executor_of(Stage.CELLS)))
        assert 0 < len(torn.pending(Stage.CELLS)) < torn.count(Stage.CELLS)

        running = run_stage(predicted, Stage.CELLS, executor_of(Stage.CELLS))
        next(running)
        os.kill(workers_now()[0].pid, signal.SIGKILL)
        assert [event.done for event in running][-1] == predicted.count(Stage.CELLS)
    assert workers_now() == []
    assert "Dashboard: http" in "".join(told)

    other = planned(image, job_of(cell_diameter=None), tmp_path / "other", side=64)
    expected = labels_of(other)
    assert np.array_equal(labels_of(predicted), expected)
    shutil.rmtree(torn.result(Stage.NETWORK, 0))
    list(run_stage(torn, Stage.NETWORK, Serial()))
    assert np.array_equal(labels_of(torn), expected)
