"""What a user says of where jobs run, and the executors that come of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.cluster.gpus import choose_gpus
from napari_dinocell.cluster.names import SchedulerName
from napari_dinocell.engine.blocks.executors import Processes, Serial
from napari_dinocell.engine.blocks.work_folder import Stage
from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_dinocell.engine.blocks.executors import Executor
    from napari_dinocell.engine.blocks.plan import BlockPlan

    ExecutorOf: TypeAlias = Callable[[Stage], Executor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where jobs run; what is None follows from the rest."""

    scheduler: SchedulerName | None = None
    workers: int | None = None
    """Processes of this machine."""
    address: str | None = None
    """Of a scheduler of dask that runs already: tcp://HOST:PORT."""
    gpus: str = "auto"
    """Numbers of those to use, one process each; only plans for CUDA need them."""

    def __post_init__(self) -> None:
        if self.address is not None and self.kind is not SchedulerName.dask:
            raise SettingsError(
                f"Expected no address for the scheduler {self.scheduler}, which works "
                "here. Leave one of both out."
            )
        if self.address is not None and self.workers is not None:
            raise SettingsError(
                "Expected no number of workers with an address: the cluster has its "
                "own. Leave one of both out."
            )
        if self.kind is SchedulerName.serial and (self.workers or 1) > 1:
            raise SettingsError(
                f"Expected one worker for the scheduler serial, got {self.workers}. "
                "Take processes or dask."
            )

    @property
    def kind(self) -> SchedulerName:
        """The scheduler that is meant."""
        if self.scheduler is not None:
            return self.scheduler
        if self.address is not None:
            return SchedulerName.dask
        several = (self.workers or 1) > 1
        return SchedulerName.processes if several else SchedulerName.serial

    @property
    def has_processes(self) -> bool:
        """Whether jobs run in processes of this machine that are made for them."""
        return self.kind is not SchedulerName.serial and self.address is None

    @property
    def local_workers(self) -> int:
        """Processes of this machine: one per core unless told."""
        if self.kind is SchedulerName.serial:
            return 1
        return self.workers or os.cpu_count() or 1


@contextmanager
def open_executors(
    where: Where, plan: BlockPlan, tell: Callable[[str], None]
) -> Iterator[ExecutorOf]:
    """Give the executor of each stage; a cluster that was made for it ends with it.

    Parameters
    ----------
    where
        What the user said.
    plan
        Of the run: its device decides whether there is one process per GPU.
    tell
        Receives what a user wants to know, such as the address of a dashboard.

    Raises
    ------
    DeviceError
        If GPUs are wanted that are not there.
    ExportError
        If dask is not installed.
    PlanError
        If no scheduler answers at the address.
    """
    gpus = None
    if plan.device == "cuda" and where.has_processes:
        gpus = choose_gpus(where.gpus)
    if where.kind is SchedulerName.dask:
        from napari_dinocell.cluster.dask_jobs import open_dask

        with open_dask(where, gpus, on_gpus=plan.device == "cuda", tell=tell) as found:
            yield found
        return
    if where.kind is SchedulerName.serial:
        yield lambda _: Serial()
        return

    def executor(stage: Stage) -> Executor:
        if stage is Stage.NETWORK and gpus is not None:
            return Processes(len(gpus), gpus)
        return Processes(where.local_workers)

    yield executor
