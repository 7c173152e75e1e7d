"""`dinocell blocks`: a plane that no memory holds, in jobs that run anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_dinocell.cli.blocks_progress import show_parts
from napari_dinocell.cli.contrast_options import (
    ClaheOption,
    ClipLimitOption,
    LimitsOption,
    PercentilesOption,
    RobustOption,
    WindowOption,
)
from napari_dinocell.cli.errors import messages, output, print_note
from napari_dinocell.cli.options import (
    AugmentOption,
    AxesOption,
    CellDiameterOption,
    ChannelOption,
    ChannelsOption,
    ConsecutiveIdsOption,
    DeviceOption,
    ExcludeBorderOption,
    ExpandOption,
    FillHolesOption,
    ForegroundThresholdOption,
    MaxSizeOption,
    MinSizeOption,
    ModelOption,
    PresetOption,
    ProminenceOption,
    RegionOption,
    SceneOption,
    SeedThresholdOption,
    SettingsOption,
    given_overrides,
    settings_among,
)
from napari_dinocell.cli.segment import find_preset
from napari_dinocell.cli.store_options import (
    LABELS_NAME,
    LabelsNameOption,
    LevelOption,
    OverwriteLabelsOption,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.blocks.executors import Executor
    from napari_dinocell.engine.blocks.run import JobDone, RunFinished
    from napari_dinocell.engine.blocks.source import PlaneSource

app = typer.Typer(
    no_args_is_help=True,
    help="Segment a plane that no memory holds, block by block: the labels are those "
    "of the whole plane. Plan, run both stages, finish.",
)

FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="A folder that was planned.")
]
WorkersOption = Annotated[
    int, typer.Option(min=1, help="Processes of this machine that work side by side.")
]


def parse_share(text: str) -> tuple[int, int]:
    """A share such as 3/8, counted from 1: here (2, 8)."""
    numbers = re.fullmatch(r"(\d+)/(\d+)", text.replace(" ", ""))
    if numbers is None or not 1 <= int(numbers[1]) <= int(numbers[2]):
        raise typer.BadParameter(f"expected K/N with 1 <= K <= N, got {text!r}")
    return int(numbers[1]) - 1, int(numbers[2])


StageOption = Annotated[
    str | None,
    typer.Option(
        metavar="network|cells",
        help="Do this stage only. Array jobs have to name it: all of the first must be "
        "done before the second begins.",
        show_default="both, one after the other",
    ),
]
ShareOption = Annotated[
    Any,
    typer.Option(
        "--job",
        parser=parse_share,
        metavar="K/N",
        help="Do the K-th of N shares of the jobs, counted from 1. Shares may run at "
        "once, in any order, and again.",
        show_default="all",
    ),
]
HaloOption = Annotated[
    int, typer.Option(metavar="PIXELS", help="How far blocks look at first.")
]
HaloLimitOption = Annotated[
    int,
    typer.Option(
        metavar="PIXELS",
        help="How far they look at most, where cells hang together.",
    ),
]
CutOption = Annotated[
    bool,
    typer.Option(
        "--cut",
        help="Cut cells that depend on more, instead of an error; how many pixels that "
        "concerns is told in the end.",
    ),
]
ImageArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help="An image file.")]
NewFolderOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="New folder of the run."),
]
BlockOption = Annotated[int, typer.Option(metavar="PIXELS", help="Side of a block.")]
PageOption = Annotated[int, typer.Option(help="Which page of a stack, counted from 0.")]


@app.command()
def plan(
    context: typer.Context,
    image: ImageArgument,
    folder: NewFolderOption,
    block: BlockOption = 4096,
    page: PageOption = 0,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    channel: ChannelOption = None,
    channels: ChannelsOption = None,
    axes: AxesOption = None,
    scene: SceneOption = None,
    level: LevelOption = 0,
    region: RegionOption = None,
    percentiles: PercentilesOption = None,
    clahe: ClaheOption = None,
    clip_limit: ClipLimitOption = None,
    window: WindowOption = None,
    robust: RobustOption = None,
    limits: LimitsOption = None,
    cell_diameter: CellDiameterOption = None,
    augment: AugmentOption = None,
    seed_threshold: SeedThresholdOption = None,
    foreground_threshold: ForegroundThresholdOption = None,
    min_size: MinSizeOption = None,
    max_size: MaxSizeOption = None,
    exclude_border: ExcludeBorderOption = None,
    fill_holes: FillHolesOption = None,
    prominence: ProminenceOption = None,
    expand: ExpandOption = None,
    consecutive_ids: ConsecutiveIdsOption = None,
    preset: PresetOption = None,
    settings: SettingsOption = None,
) -> None:
    """Measure a plane once, and write what every job has to know.

    Prints the number of jobs of both stages. A folder that was planned for the same
    image, model and settings is left as it is.

    [bold]Example[/]

      dinocell blocks plan slide.tif -o run
    """
    from napari_dinocell.engine.batch.make_job import make_job
    from napari_dinocell.engine.blocks.make_plan import make_plan
    from napari_dinocell.engine.blocks.work_folder import Stage

    job = make_job(
        model=model,
        device=device,
        preset=find_preset(preset, settings),
        overrides=given_overrides(**settings_among(context.params)),
        axes=axes,
        region=region,
        level=level,
    )
    source = _source(image, job, scene, page)
    planned = make_plan(job, source, folder, side=block)
    for stage in (Stage.NETWORK, Stage.CELLS):
        output.print(f"{stage} {planned.count(stage)}", highlight=False)


@app.command()
def run(
    folder: FolderArgument,
    stage: StageOption = None,
    job: ShareOption = None,
    workers: WorkersOption = 1,
    halo: HaloOption = 64,
    halo_limit: HaloLimitOption = 2048,
    cut: CutOption = False,
) -> None:
    """Do the jobs of a run that are not done yet.

    [bold]Examples[/]

      dinocell blocks run run --workers 2

      dinocell blocks run run --stage network --job $SLURM_ARRAY_TASK_ID/16
    """
    from napari_dinocell.engine.blocks.block_cells import HaloRule
    from napari_dinocell.engine.blocks.run import WAVES, run_stage
    from napari_dinocell.engine.blocks.work_folder import WorkFolder

    wanted = [wave for wave in WAVES if stage in (None, wave.value)]
    if not wanted or (job is not None and stage is None):
        raise typer.BadParameter("expected --stage network or --stage cells")
    rule = HaloRule(first=halo, limit=max(halo, halo_limit), cut=cut)
    opened = WorkFolder(folder)
    for wave in wanted:
        share = job or (0, 1)
        _show(run_stage(opened, wave, _executor(workers), halo=rule, share=share))


@app.command()
def finish(
    folder: FolderArgument,
    workers: WorkersOption = 1,
    labels_name: LabelsNameOption = LABELS_NAME,
    overwrite_labels: OverwriteLabelsOption = False,
) -> None:
    """Give the cells their ids and write the labels, once all jobs are done.

    Labels of OME-Zarr become part of the image. Those of other images are a zarr array
    in the folder. Their path is printed.
    """
    from napari_dinocell.engine.blocks.into_image import (
        require_place,
        takes_labels,
        write_into_image,
    )
    from napari_dinocell.engine.blocks.run import finish as finish_run
    from napari_dinocell.engine.blocks.work_folder import WorkFolder
    from napari_dinocell.engine.text import counted

    opened = WorkFolder(folder)
    source = opened.plan.source
    labels = folder / f"{opened.stages[-1]}.zarr"
    if takes_labels(source):
        labels = require_place(source, labels_name, overwrite=overwrite_labels)
    elif overwrite_labels or labels_name != LABELS_NAME:
        raise typer.BadParameter(
            "--labels-name and --overwrite-labels are for labels that become part of "
            f"OME-Zarr, and {source.path} is none. Leave them out."
        )
    finished = _show(finish_run(opened, _executor(workers)))
    if finished is None:
        return
    if finished.cut:
        print_note(
            f"{finished.cut} pixels belong to cells that were cut at the halo's limit: "
            "these are not those of the whole plane."
        )
    if takes_labels(source):
        show_parts(write_into_image(opened, labels_name, overwrite=overwrite_labels))
    output.print(
        f"{counted(finished.cells, 'cell')} in {labels}",
        highlight=False,
        soft_wrap=True,
    )


def _source(
    image: Path, job: SegmentJob, scene: int | str | None, page: int
) -> PlaneSource:
    from napari_dinocell.engine.blocks.source import PlaneSource

    return PlaneSource(
        path=str(image.absolute()),
        axes=job.axes,
        scene=scene,
        page=page,
        level=job.level,
        region=job.region,
    )


def _executor(workers: int) -> Executor:
    from napari_dinocell.engine.blocks.executors import Processes, Serial

    return Serial() if workers == 1 else Processes(workers)


def _show(events: Iterator[JobDone | RunFinished]) -> RunFinished | None:
    """Show progress on stderr; give back how it ended."""
    from rich.progress import Progress

    from napari_dinocell.engine.blocks.run import RunFinished

    with Progress(console=messages) as progress:
        tasks: dict[str, Any] = {}
        for event in events:
            if isinstance(event, RunFinished):
                return event
            if event.stage not in tasks:
                tasks[event.stage] = progress.add_task(event.stage, total=event.total)
            progress.update(tasks[event.stage], completed=event.done)
    return None
