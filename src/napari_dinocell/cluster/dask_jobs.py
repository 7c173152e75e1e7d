"""Jobs on dask.distributed: processes of this machine, or whatever cluster runs.

Workers need this package, the folder of the run and the image, under the same paths.
Those that declare the resource `gpu` do the jobs of the network, one at a time each;
if none does, all workers do everything.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.blocks.executors import TRIES, ended_again
from napari_dinocell.engine.blocks.jobs import Job, run_job
from napari_dinocell.engine.blocks.work_folder import Stage
from napari_dinocell.engine.blocks.worker_process import GPU_VARIABLE
from napari_dinocell.engine.errors import DinoCellError, PlanError
from napari_dinocell.engine.extras import require_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_dinocell.cluster.where import ExecutorOf, Where

HERE = "127.0.0.1"
GPU = "gpu"
"""Resource of a worker with a GPU of its own."""

ANSWER_WITHIN = 20
"""Seconds that a scheduler is given to answer at its address."""

GONE = (
    "The cluster was lost while jobs were under way. What is done stays: give the same "
    "command again to go on."
)


class Dask:
    """The workers of a cluster; one that is lost loses its job only.

    Parameters
    ----------
    client
        Of `distributed`.
    resource
        That a worker must have; None takes all workers.
    """

    def __init__(self, client: Any, resource: str | None = None) -> None:
        self._client = client
        self._options = {} if resource is None else {"resources": {resource: 1}}

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Do jobs as workers are free; see `Executor`.

        Raises
        ------
        PlanError
            If the workers of a job end again and again, or the cluster is lost.
        """
        from distributed import CancelledError, KilledWorker, as_completed

        under_way = {
            self._client.submit(run_job, job, pure=False, **self._options): job
            for job in jobs
        }
        failure: DinoCellError | None = None
        try:
            for future in as_completed(list(under_way), loop=self._client.loop):
                try:
                    yield future.result()
                except KilledWorker:
                    failure = failure or ended_again(under_way[future])
                except CancelledError as error:
                    raise PlanError(GONE) from error
                except DinoCellError as error:
                    failure = failure or error
        finally:
            if self._client.status == "running":
                self._client.cancel(list(under_way))
        if failure is not None:
            raise failure


@contextmanager
def open_dask(
    where: Where,
    gpus: Sequence[str] | None,
    *,
    on_gpus: bool,
    tell: Callable[[str], None],
) -> Iterator[ExecutorOf]:
    """Connect with a cluster, or make one of processes of this machine.

    Parameters
    ----------
    where
        With an address, or the number of processes.
    gpus
        Of this machine, one for each of the first processes; None has none pinned.
    on_gpus
        Whether the network runs on GPUs.
    tell
        Receives the address of the dashboard.

    Raises
    ------
    ExportError
        If dask is not installed.
    PlanError
        If no scheduler answers at the address.
    """
    require_packages("distributed", extra="cluster")
    with ExitStack() as stack:
        source: Any = where.address
        if source is None:
            workers = max(where.local_workers, len(gpus or ()))
            source = stack.enter_context(_processes(workers, gpus))
        client = stack.enter_context(_connected(source))
        if client.dashboard_link:
            tell(f"Dashboard: {client.dashboard_link}")
        resource = GPU if on_gpus and _has_gpus(client) else None
        yield lambda stage: Dask(client, resource if stage is Stage.NETWORK else None)


@contextmanager
def _connected(source: Any) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(source, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        raise PlanError(
            f"Expected a scheduler of dask at {source}, but none answers there: "
            f"{error}. Start one (dask scheduler), and give the address that it prints."
        ) from error
    with client:
        yield client


@contextmanager
def _processes(workers: int, gpus: Sequence[str] | None) -> Iterator[Any]:
    """A cluster of processes of this machine, each with one thread for jobs."""
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    options: list[dict[str, Any]] = [
        {"nthreads": 1, "memory_limit": 0, "host": HERE, "silence_logs": logging.ERROR}
        for _ in range(workers)
    ]
    for number, option in enumerate(options if gpus is not None else []):
        gpu = gpus[number] if gpus is not None and number < len(gpus) else ""
        option["env"] = {GPU_VARIABLE: gpu}
        option["resources"] = {GPU: 1} if gpu else {}
    spec = {n: {"cls": Nanny, "options": option} for n, option in enumerate(options)}
    scheduler = {"host": HERE, "dashboard_address": f"{HERE}:0"}
    tries = {"distributed.scheduler.allowed-failures": TRIES - 1}
    with (
        dask.config.set(tries),
        SpecCluster(
            workers=spec,
            scheduler={"cls": Scheduler, "options": scheduler},
            silence_logs=logging.ERROR,
        ) as cluster,
    ):
        yield cluster


def _has_gpus(client: Any) -> bool:
    """Whether workers say that they have GPUs; waits for the first worker."""
    client.wait_for_workers(1)
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return any(GPU in worker["resources"] for worker in workers)
