"""What the commands of `dinocell blocks` have in common."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_dinocell.cli.blocks_progress import show_parts, show_progress
from napari_dinocell.cli.errors import output, print_note
from napari_dinocell.cli.options import given_overrides, settings_among
from napari_dinocell.cli.segment import find_preset
from napari_dinocell.cli.store_options import LABELS_NAME
from napari_dinocell.cli.where_options import where_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_dinocell.cluster.names import SchedulerName
    from napari_dinocell.cluster.where import ExecutorOf
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.blocks.block_cells import HaloRule
    from napari_dinocell.engine.blocks.source import PlaneSource
    from napari_dinocell.engine.blocks.work_folder import WorkFolder


def asked_for(options: Mapping[str, Any]) -> tuple[SegmentJob, PlaneSource]:
    """Model, settings and plane that the options of a command name."""
    from napari_dinocell.engine.batch.make_job import make_job
    from napari_dinocell.engine.blocks.source import PlaneSource

    job = make_job(
        model=options["model"],
        device=options["device"],
        preset=find_preset(options["preset"], options["settings"]),
        overrides=given_overrides(**settings_among(options)),
        axes=options["axes"],
        region=options["region"],
        level=options["level"],
    )
    path = str(Path(options["image"]).absolute())
    source = PlaneSource(
        path=path,
        axes=job.axes,
        scene=options["scene"],
        page=options["page"],
        level=job.level,
        region=job.region,
    )
    return job, source


def halo_rule(halo: int, limit: int, *, cut: bool) -> HaloRule:
    """How far blocks look around."""
    from napari_dinocell.engine.blocks.block_cells import HaloRule

    return HaloRule(first=halo, limit=max(halo, limit), cut=cut)


@contextmanager
def opened_run(
    folder: Path,
    scheduler: SchedulerName | None,
    workers: int | None,
    address: str | None,
    gpus: str,
) -> Iterator[tuple[WorkFolder, ExecutorOf]]:
    """A run that was planned, and where its jobs are done."""
    from napari_dinocell.cluster.where import open_executors
    from napari_dinocell.engine.blocks.work_folder import WorkFolder

    where = where_of(scheduler, workers, address, gpus)
    opened = WorkFolder(folder)
    with open_executors(where, opened.plan, print_note) as executor_of:
        yield opened, executor_of


def place_of_labels(
    source: PlaneSource, folder: Path, name: str, *, overwrite: bool
) -> Path:
    """Where the labels will be: part of the image, or in the folder of the run."""
    from napari_dinocell.engine.blocks.into_image import require_place, takes_labels

    if takes_labels(source):
        return require_place(source, name, overwrite=overwrite)
    if overwrite or name != LABELS_NAME:
        raise typer.BadParameter(
            "--labels-name and --overwrite-labels are for labels that become part of "
            f"OME-Zarr, and {source.path} is none. Leave them out."
        )
    return folder


def finish_labels(
    folder: WorkFolder, executor_of: ExecutorOf, name: str, *, overwrite: bool
) -> None:
    """Make the labels and put them where they belong; tells how many cells there are.

    Raises
    ------
    DinoCellError
        If jobs before are missing, or the labels cannot be written.
    """
    from napari_dinocell.engine.blocks.into_image import takes_labels, write_into_image
    from napari_dinocell.engine.blocks.run import finish
    from napari_dinocell.engine.blocks.work_folder import Stage
    from napari_dinocell.engine.text import counted

    source = folder.plan.source
    own = folder.labels_path(folder.stages[-1])
    labels = place_of_labels(source, own, name, overwrite=overwrite)
    finished = show_progress(finish(folder, executor_of(Stage.LABELS)))
    if finished is None:
        return
    if finished.cut:
        print_note(
            f"{finished.cut} pixels belong to cells that were cut at the halo's limit: "
            "these are not those of the whole plane."
        )
    if takes_labels(source):
        show_parts(write_into_image(folder, name, overwrite=overwrite))
    output.print(
        f"{counted(finished.cells, 'cell')} in {labels}",
        highlight=False,
        soft_wrap=True,
    )
