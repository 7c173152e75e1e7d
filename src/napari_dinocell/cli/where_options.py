"""Options that say where the jobs of blocks run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from napari_dinocell.cluster.names import SchedulerName

if TYPE_CHECKING:
    from napari_dinocell.cluster.where import Where

WHERE_PANEL = "Where it runs"


SchedulerOption = Annotated[
    SchedulerName | None,
    typer.Option(
        help="serial: here, one job after the other. processes: side by side on this "
        "machine. dask: the same, or on a cluster "
        '(pip install "napari-dinocell\\[cluster]").',
        show_default="processes for several workers, dask for an address, else serial",
        rich_help_panel=WHERE_PANEL,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Processes of this machine that work side by side.",
        show_default="1, or one per core for processes and dask",
        rich_help_panel=WHERE_PANEL,
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler-address",
        metavar="tcp://HOST:PORT",
        help="A scheduler of dask that runs already; its workers see the folder and "
        "the image under the same paths.",
        show_default="dask begins processes of this machine",
        rich_help_panel=WHERE_PANEL,
    ),
]
GpusOption = Annotated[
    str,
    typer.Option(
        metavar="auto|0,1",
        help="GPUs of this machine that the network uses, one process each, where the "
        "plan is for CUDA.",
        rich_help_panel=WHERE_PANEL,
    ),
]


def where_of(
    scheduler: SchedulerName | None, workers: int | None, address: str | None, gpus: str
) -> Where:
    """What the options say.

    Raises
    ------
    SettingsError
        If they contradict each other.
    """
    from napari_dinocell.cluster.where import Where

    return Where(scheduler=scheduler, workers=workers, address=address, gpus=gpus)
