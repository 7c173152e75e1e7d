"""A run from its plan to the labels: waves of jobs, then the finish."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.blocks.block_cells import HaloRule
from napari_dinocell.engine.blocks.holes import owners_of_holes
from napari_dinocell.engine.blocks.jobs import Job, read_background
from napari_dinocell.engine.blocks.judged import judge_plane
from napari_dinocell.engine.blocks.numbering import CellSummary, number_cells
from napari_dinocell.engine.blocks.stored_arrays import read_arrays
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder
from napari_dinocell.engine.errors import PlanError
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.atomic_folder import replaced_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.blocks.executors import Executor
    from napari_dinocell.engine.blocks.stored_arrays import StoredArray

WAVES = (Stage.NETWORK, Stage.DOUBT, Stage.CELLS)
"""What is done before the finish: the first on GPUs, the others on any machine. Most
plans have no jobs of the second one."""

_READS_ALL_OF = {
    Stage.DOUBT: (Stage.NETWORK,),
    Stage.CELLS: (Stage.NETWORK, Stage.DOUBT),
    Stage.EXPAND: (Stage.LABELS,),
}
"""Stages whose jobs read what several jobs of another one have written."""

_WRITES_LABELS = (Stage.LABELS, Stage.EXPAND)


@dataclass(frozen=True, slots=True)
class JobDone:
    """One more job of a stage is done."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The labels are complete."""

    cells: int
    labels: StoredArray
    """The labels (Y, X), int32, read lazily."""
    cut: int
    """Pixels whose cell was cut at the limit of the halo: 0 if all is exact."""


def run_stage(
    folder: WorkFolder,
    stage: Stage,
    executor: Executor,
    *,
    halo: HaloRule | None = None,
    share: tuple[int, int] = (0, 1),
) -> Iterator[JobDone]:
    """Do what is not done yet of a stage.

    Parameters
    ----------
    folder
        Of the run.
    stage
        Which one.
    executor
        Where.
    halo
        How far blocks look around; None for the usual.
    share
        Of all jobs, those with the first number as remainder by the second.

    Raises
    ------
    PlanError
        If a job before is not done. Asked here, once: each job would ask for all.
    """
    first, step = share
    mine = range(first, folder.count(stage), step)
    jobs = [
        Job(str(folder.path), stage, number, halo or HaloRule())
        for number in mine
        if not folder.is_done(stage, number)
    ]
    for before in _READS_ALL_OF.get(stage, ()) if jobs else ():
        folder.require(before)
    if jobs and stage is Stage.CELLS:
        judge_plane(folder)
    if jobs and stage in _WRITES_LABELS:
        folder.create_labels(stage)
    done = len(mine) - len(jobs)
    for _ in executor.run(jobs):
        done += 1
        yield JobDone(stage, done, len(mine))


def finish(folder: WorkFolder, executor: Executor) -> Iterator[JobDone | RunFinished]:
    """Make labels of what all blocks have found.

    Raises
    ------
    PlanError
        If a job before is not done.
    """
    for stage in WAVES:
        folder.require(stage)
    cells = _number(folder)
    for stage in folder.stages:
        if stage in WAVES:
            continue
        yield from run_stage(folder, stage, executor)
        if stage is Stage.HOLES:
            _judge_holes(folder)
    count = folder.count(Stage.CELLS)
    cut = sum(int(folder.record(Stage.CELLS, n)["cut"]) for n in range(count))
    with replaced_file(folder.path / "result.json") as temporary:
        record = {"plan": folder.fingerprint, "cells": cells, "cut": cut}
        temporary.write_text(json.dumps(record), encoding="utf-8")
    yield RunFinished(cells, folder.labels(folder.stages[-1]), cut)


def run_all(
    folder: WorkFolder, executor: Executor, *, halo: HaloRule | None = None
) -> Iterator[JobDone | RunFinished]:
    """All waves and the finish; goes on where an earlier run has stopped."""
    for stage in WAVES:
        yield from run_stage(folder, stage, executor, halo=halo)
    yield from finish(folder, executor)


def _number(folder: WorkFolder) -> int:
    """Name all cells, once; returns how many there are."""
    path = folder.path / "ids"
    if not path.exists():
        settings = folder.plan.settings
        names = list(CellSummary.__dataclass_fields__)
        parts = []
        for number in range(folder.count(Stage.CELLS)):
            found = read_arrays(folder.result(Stage.CELLS, number) / "cells.npz")
            of_cells = ("keys", "heights", "areas", "touching")
            parts.append(
                CellSummary(
                    **{n: found[n][1:] if n in of_cells else found[n] for n in names}
                )
            )
        ids = number_cells(
            parts, settings.watershed, consecutive=settings.consecutive_ids
        )
        with replaced_folder(path) as temporary:
            temporary.mkdir()
            np.save(temporary / "keys.npy", ids.keys)
            np.save(temporary / "ids.npy", ids.ids)
    return int(np.load(path / "ids.npy", mmap_mode="r").size)


def _judge_holes(folder: WorkFolder) -> None:
    path = folder.path / "owners"
    if path.exists():
        return
    count = folder.count(Stage.HOLES)
    blocks = [read_background(folder, number) for number in range(count)]
    owners = owners_of_holes(folder.plan.grid, blocks)
    with replaced_folder(path) as temporary:
        temporary.mkdir()
        for number, owner in enumerate(owners):
            np.save(temporary / f"{number:05}.npy", owner)


def finished_cells(folder: WorkFolder) -> int:
    """How many cells `finish` has found.

    Raises
    ------
    PlanError
        If the run is not finished.
    """
    path = folder.path / "result.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(
            f"Expected the run in {folder.path} to be finished, but it is not: "
            f"{error}. Finish it first."
        ) from error
    if found["plan"] != folder.fingerprint:
        raise PlanError(f"{path} is of another plan. Finish the run again.")
    return int(found["cells"])
