"""A process that is killed takes its job with it, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
from tests.conftest import PATIENCE
from tests.engine.blocks.test_run import (
    cells_on_noise,
    job_of,
    labels_of,
    planned,
    quick_network,
)

from napari_dinocell.engine.blocks.executors import Processes, Serial
from napari_dinocell.engine.blocks.grid import BlockGrid
from napari_dinocell.engine.blocks.jobs import Job
from napari_dinocell.engine.blocks.run import run_stage
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["quick_network"]

GRID = BlockGrid((197, 389), 64)

DIES_IN_THE_FOURTH_BLOCK = """
import os, signal, sys
from pathlib import Path
from napari_dinocell.engine.blocks import jobs
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.run import run_stage
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder

written, write = [], jobs.write_arrays

def write_or_die(path, arrays):
    written.append(path)
    if len(written) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, arrays)

jobs.write_arrays = write_or_die
list(run_stage(WorkFolder(Path(sys.argv[1])), Stage.CELLS, Serial()))
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "plane.npy"
    np.save(path, cells_on_noise(GRID.shape))
    return path


@pytest.fixture
def predicted(image: Path, tmp_path: Path) -> WorkFolder:
    """A run whose first stage is done, with many small blocks."""
    folder = planned(image, job_of(cell_diameter=None), tmp_path / "run", side=64)
    list(run_stage(folder, Stage.NETWORK, Serial()))
    return folder


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def workers_now() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [p for p in children if "spawn_main" in " ".join(p.cmdline())]


def test_killed_run_goes_on_to_the_same_bytes(
    predicted: WorkFolder, image: Path, tmp_path: Path
) -> None:
    """Of a process that dies, some blocks are done, and one is half written."""
    command = [sys.executable, "-c", DIES_IN_THE_FOURTH_BLOCK, str(predicted.path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    done = predicted.count(Stage.CELLS) - len(predicted.pending(Stage.CELLS))
    assert done == 3
    labels = labels_of(predicted)

    other = planned(image, job_of(cell_diameter=None), tmp_path / "other", side=64)
    assert np.array_equal(labels_of(other), labels)
    one, two = (bytes_in(folder.path / "labels.zarr") for folder in (predicted, other))
    assert one == two


def test_killed_worker_is_replaced(predicted: WorkFolder) -> None:
    """Of two processes one is killed after its first job; all jobs are done.

    Those that are there in the end go, whatever they do, with who wants their jobs.
    """
    jobs = [Job(str(predicted.path), Stage.CELLS, n) for n in range(len(GRID))]
    running = Processes(2).run(jobs)
    next(running)
    first = workers_now()
    os.kill(first[0].pid, signal.SIGKILL)
    for _ in range(len(GRID) - 2):
        next(running)
    last = workers_now()
    assert len(last) == 2
    assert first[0] not in last
    running.close()
    assert psutil.wait_procs(last, timeout=PATIENCE)[1] == []
    list(run_stage(predicted, Stage.CELLS, Serial()))
    assert labels_of(predicted).any()
