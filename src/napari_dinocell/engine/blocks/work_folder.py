"""The folder of a run in blocks: a plan, and what the jobs have done so far.

Each result has one writer and appears whole or not at all, by a rename, so that jobs
may run anywhere, in any order and twice, and need no locks. A result says which plan it
is of.

    plan.json  measured.npz       the plan
    network/00000/                parts of the map, one for each group of tiles
    doubt/00000/  believed/       what is judged as a whole, in faint planes (`judged`)
    cells/00000/                  cells of each block, and what the finish needs of them
    ids/                          the id of each cell
    holes/00000.npz  owners/      background between blocks, and whose holes it is
    labels.zarr                   the result; labels/00000.json tells what is in
    expanded.zarr                 the result where cells grow, likewise
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from napari_dinocell.engine.blocks.plan import PLAN, BlockPlan
from napari_dinocell.engine.blocks.stored_arrays import (
    StoredArray,
    checksum_of,
    chunk_side,
    create_array,
    read_arrays,
    write_arrays,
)
from napari_dinocell.engine.blocks.stretch_record import MeasuredStretch, arrays_of
from napari_dinocell.engine.contrast.outliers import Outliers
from napari_dinocell.engine.errors import PlanError
from napari_dinocell.engine.results.atomic_file import plain_write_errors, replaced_file
from napari_dinocell.engine.results.atomic_folder import replaced_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.blocks.grid import Window
    from napari_dinocell.engine.blocks.stored_arrays import Arrays


class Stage(StrEnum):
    """What has to be done; each needs those before, but for the first."""

    NETWORK = "network"
    DOUBT = "doubt"
    CELLS = "cells"
    HOLES = "holes"
    LABELS = "labels"
    EXPAND = "expanded"


class _DoneElsewhere(Exception):
    """Another process, taken for lost, has done the job after all."""


class WorkFolder:
    """The folder of one run.

    Parameters
    ----------
    path
        Where there is a plan.

    Raises
    ------
    PlanError
        If there is none.
    SettingsError
        If it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan = PLAN.read(path / "plan.json")
        self.fingerprint = self.plan.fingerprint
        self._of_map = self.plan.of_map.fingerprint

    @classmethod
    def create(
        cls, path: Path, plan: BlockPlan, measured: MeasuredStretch
    ) -> WorkFolder:
        """Begin a run, or go on with one of the very same plan.

        Raises
        ------
        PlanError
            If the folder has another plan.
        """
        file = path / "plan.json"
        if file.exists():
            folder = cls(path)
            if folder.plan != plan:
                raise PlanError(
                    f"Expected {path} to be new, or planned for the same image, model "
                    f"and settings, but {_differences(folder.plan, plan)} differ. Give "
                    "another folder, or remove this one."
                )
            return folder
        with replaced_file(path / "measured.npz") as temporary:
            write_arrays(temporary, arrays_of(measured))
        with replaced_file(file) as temporary:
            temporary.write_text(PLAN.to_text(plan), encoding="utf-8")
        return cls(path)

    @property
    def measured(self) -> MeasuredStretch:
        """What was measured of the plane's intensities.

        Raises
        ------
        PlanError
            If it is not what the plan was made with.
        """
        plan = self.plan
        found = self.load("measured.npz")
        if checksum_of(found) != plan.measured:
            raise PlanError(f"{self.path / 'measured.npz'} is not what was planned.")
        outliers = None
        if "rows" in found:
            outliers = Outliers(found["rows"], found["columns"], found["values"])
        return MeasuredStretch(
            low=plan.low,
            high=plan.high,
            certainty=plan.certainty,
            no_cells=plan.no_cells,
            outliers=outliers,
            foreign=found.get("foreign"),
        )

    @property
    def stages(self) -> list[Stage]:
        """What this plan asks for, in order."""
        settings = self.plan.settings
        left_out = {
            Stage.DOUBT: not self._in_doubt,
            Stage.HOLES: not settings.watershed.fill_holes,
            Stage.EXPAND: settings.expand == 0,
        }
        return [stage for stage in Stage if not left_out.get(stage, False)]

    def count(self, stage: Stage) -> int:
        """Number of jobs of a stage."""
        if stage is Stage.NETWORK:
            return 0 if self.plan.no_cells is not None else len(self.plan.groups)
        if stage is Stage.DOUBT and not self._in_doubt:
            return 0
        return len(self.plan.grid)

    @property
    def _in_doubt(self) -> bool:
        """Whether what the model finds is judged as a whole."""
        return self.plan.certainty > 0 and self.plan.no_cells is None

    def pending(self, stage: Stage) -> list[int]:
        """Jobs of a stage that are not done."""
        return [n for n in range(self.count(stage)) if not self.is_done(stage, n)]

    def is_done(self, stage: Stage, number: int) -> bool:
        """Whether the result of a job is there, whole.

        Raises
        ------
        PlanError
            If it is of another plan.
        """
        record = self.path / self._record_name(stage, number)
        try:
            found = json.loads(record.read_text(encoding="utf-8"))["plan"]
        except FileNotFoundError:
            return False
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise PlanError(
                f"{record} cannot be read: {error}. Remove it to have its job done "
                "again."
            ) from error
        if found != self._fingerprint_of(stage):
            raise PlanError(
                f"{record} is of another plan than {self.path / 'plan.json'}, which "
                "was changed. Plan anew, into another folder."
            )
        return True

    def require(self, stage: Stage) -> None:
        """Refuse to go on before all jobs of a stage are done.

        Raises
        ------
        PlanError
            That names the jobs.
        """
        missing = self.pending(stage)
        if missing:
            shown = ", ".join(map(str, missing[:10])) + (", ..." * (len(missing) > 10))
            raise PlanError(
                f"Expected all {self.count(stage)} jobs of the stage {stage} to be "
                f"done, but {len(missing)} are not: {shown} (counted from 0). Run "
                "them first."
            )

    @contextmanager
    def new_result(self, stage: Stage, number: int, **record: Any) -> Iterator[Path]:
        """Give a folder to write the result of a job to; it appears in the end."""
        path = self.result(stage, number)
        with suppress(_DoneElsewhere), replaced_folder(path) as temporary:
            temporary.mkdir()
            yield temporary
            self._write_record(temporary / "job.json", stage, record)
            if self.is_done(stage, number):  # readers may be at it: it stays
                raise _DoneElsewhere

    def mark_done(self, stage: Stage, number: int, **record: Any) -> None:
        """Note that a job has written its part of a shared array."""
        with replaced_file(self.path / self._record_name(stage, number)) as temporary:
            self._write_record(temporary, stage, record)

    def result(self, stage: Stage, number: int) -> Path:
        """Folder of a job's result."""
        return self.path / stage / f"{number:05}"

    def record(self, stage: Stage, number: int) -> dict[str, Any]:
        """What a job that is done noted."""
        path = self.path / self._record_name(stage, number)
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def save(self, name: str, arrays: Arrays) -> None:
        """Write a file of arrays of this plan."""
        with replaced_file(self.path / name) as temporary:
            write_arrays(temporary, arrays)

    def create_labels(self, stage: Stage) -> None:
        """Make the labels that a stage writes, if it has not begun.

        Once, before its jobs: two of them would take each other's away.
        """
        path = self.labels_path(stage)
        if not path.exists():
            with replaced_folder(path) as temporary:
                side = chunk_side(self.plan.side)
                create_array(temporary, self.plan.shape, np.int32, side)

    def labels_path(self, stage: Stage) -> Path:
        """Where the labels of a stage lie."""
        return self.path / f"{stage}.zarr"

    def labels(self, stage: Stage) -> StoredArray:
        """The labels (Y, X) that the jobs of a stage have written."""
        return StoredArray(self.labels_path(stage))

    def write_labels(self, stage: Stage, window: Window, labels: Labels) -> None:
        """Write a block (Y, X) of the labels of a stage.

        Raises
        ------
        ExportError
            If the disk takes no more.
        """
        path = self.labels_path(stage)
        with plain_write_errors(path):
            zarr.open_array(str(path), mode="r+")[window.slices] = labels

    def load(self, name: str) -> dict[str, NDArray[Any]]:
        """Read what `save` wrote.

        Raises
        ------
        PlanError
            If it is missing or damaged.
        """
        return read_arrays(self.path / name)

    def _record_name(self, stage: Stage, number: int) -> str:
        folder = f"{stage}/{number:05}"
        return (
            f"{folder}/job.json"
            if stage in (Stage.NETWORK, Stage.DOUBT, Stage.CELLS)
            else f"{folder}.json"
        )

    def _fingerprint_of(self, stage: Stage) -> str:
        """Of all that decides a stage's results: a map is none of the thresholds'."""
        of_map = stage in (Stage.NETWORK, Stage.DOUBT)
        return self._of_map if of_map else self.fingerprint

    def _write_record(
        self, path: Path, stage: Stage, record: Mapping[str, Any]
    ) -> None:
        text = json.dumps({"plan": self._fingerprint_of(stage), **record})
        path.write_text(text, encoding="utf-8")


def _differences(one: BlockPlan, other: BlockPlan) -> str:
    names = [
        name
        for name in BlockPlan.__dataclass_fields__
        if getattr(one, name) != getattr(other, name)
    ]
    return ", ".join(names)
