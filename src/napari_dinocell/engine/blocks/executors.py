"""Where jobs run: here, one after the other, or in processes of this machine.

An executor has one method, `run`, which gives jobs back as they are done; in which
order is its own affair. A job that fails does not stop the others.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol

from napari_dinocell.engine.blocks.jobs import Job, run_job
from napari_dinocell.engine.errors import DinoCellError, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TRIES = 3
"""Times that processes may end without a single job being done in between."""


class Executor(Protocol):
    """Runs jobs."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Do jobs, in any order; gives each back once it is done.

        Raises
        ------
        DinoCellError
            Of the first job that failed, after all others were done.
        """


class Serial:
    """One job after the other, in this process."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Do jobs in their order; see `Executor`."""
        failure: DinoCellError | None = None
        for job in jobs:
            try:
                yield run_job(job)
            except DinoCellError as error:
                failure = failure or error
        if failure is not None:
            raise failure


class Processes:
    """Several processes of this machine; one that is killed loses its job only.

    Parameters
    ----------
    workers
        Number of processes.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Do jobs as processes are free; see `Executor`.

        Raises
        ------
        PlanError
            If processes end again and again before any job is done.
        """
        waiting, tries = set(jobs), 0
        failures: list[DinoCellError] = []
        while waiting:
            before = len(waiting)
            yield from self._round(waiting, failures)
            tries = 0 if len(waiting) < before else tries + 1
            if tries == TRIES:
                raise PlanError(
                    f"Processes ended {TRIES} times before any job was done, as they "
                    "do when memory runs out. Take fewer workers, or smaller blocks."
                )
        if failures:
            raise failures[0]

    def _round(self, waiting: set[Job], failures: list[DinoCellError]) -> Iterator[Job]:
        """Do jobs until all are done, or a process has ended; what is done leaves."""
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._workers, mp_context=spawn) as pool:
            under_way = {
                pool.submit(run_job, job): job for job in sorted(waiting, key=_order)
            }
            for future in as_completed(under_way):
                job = under_way[future]
                try:
                    future.result()
                except BrokenProcessPool:
                    continue  # it comes again with the next round
                except DinoCellError as error:
                    failures.append(error)
                    waiting.discard(job)
                else:
                    waiting.discard(job)
                    yield job


def _order(job: Job) -> int:
    return job.number
