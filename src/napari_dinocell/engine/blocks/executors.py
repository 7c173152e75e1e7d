"""Where jobs run: here, one after the other, or in processes of this machine.

An executor has one method, `run`, which gives jobs back as they are done; in which
order is its own affair. A job that fails does not stop the others.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol

from napari_dinocell.engine.blocks.jobs import Job, run_job
from napari_dinocell.engine.blocks.worker_process import begin
from napari_dinocell.engine.errors import DinoCellError, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

TRIES = 3
"""Times that the process of one job may end before it counts as failed."""


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
    gpus
        One for each process, as CUDA_VISIBLE_DEVICES has them; further processes see
        none. None leaves that open.
    """

    def __init__(self, workers: int, gpus: Sequence[str] | None = None) -> None:
        self._gpus: list[str | None] = [None if gpus is None else ""] * workers
        self._gpus[: len(gpus or ())] = (gpus or ())[:workers]

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Do jobs as processes are free; see `Executor`.

        Raises
        ------
        PlanError
            If the process of a job ends again and again.
        """
        idle = [_Worker(gpu) for gpu in self._gpus[: len(jobs)]]
        workers, waiting = tuple(idle), deque(jobs)
        under_way: dict[Future[Job], tuple[_Worker, Job]] = {}
        ends: Counter[Job] = Counter()
        failure: DinoCellError | None = None
        try:
            while waiting or under_way:
                while waiting and idle:
                    worker, job = idle.pop(), waiting.popleft()
                    under_way[worker.submit(job)] = worker, job
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    worker, job = under_way.pop(future)
                    idle.append(worker)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        ends[job] += 1
                        if ends[job] < TRIES:
                            waiting.append(job)
                        else:
                            failure = failure or ended_again(job)
                    except DinoCellError as error:
                        failure = failure or error
        finally:
            for worker in workers:
                worker.end()
        if failure is not None:
            raise failure


def ended_again(job: Job) -> PlanError:
    """What is said of a job that seems to end its processes."""
    return PlanError(
        f"The process of job {job.number} of the stage {job.stage} ended {TRIES} times "
        "before it was done, as processes do when memory runs out. Take fewer workers, "
        "or plan with smaller blocks."
    )


class _Worker:
    """A process for one job after the other; another one once it has ended."""

    def __init__(self, gpu: str | None) -> None:
        self._gpu = gpu
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, job: Job) -> Future[Job]:
        """Begin with a job."""
        if self._pool is not None:
            try:
                return self._pool.submit(run_job, job)
            except BrokenProcessPool:
                self.end()
        return self._begin().submit(run_job, job)

    def end(self) -> None:
        """End the process, whatever it does."""
        if self._pool is not None:
            self._leash.close()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _begin(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        end, self._leash = spawn.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            1, mp_context=spawn, initializer=begin, initargs=(end, self._gpu)
        )
        return self._pool
