"""`dinocell blocks`: a plane that no memory holds, in jobs that run anywhere."""

from __future__ import annotations

import typer

from napari_dinocell.cli.blocks_options import (
    BlockOption,
    CutOption,
    FolderArgument,
    HaloLimitOption,
    HaloOption,
    ImageArgument,
    NewFolderOption,
    PageOption,
    ShareOption,
    StageOption,
    ThreadsOption,
)
from napari_dinocell.cli.blocks_progress import show_progress
from napari_dinocell.cli.blocks_steps import (
    asked_for,
    finish_labels,
    halo_rule,
    opened_run,
)
from napari_dinocell.cli.contrast_options import (
    ClaheOption,
    ClipLimitOption,
    LimitsOption,
    PercentilesOption,
    RobustOption,
    WindowOption,
)
from napari_dinocell.cli.errors import output
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
)
from napari_dinocell.cli.store_options import (
    LABELS_NAME,
    LabelsNameOption,
    LevelOption,
    OverwriteLabelsOption,
)
from napari_dinocell.cli.where_options import (
    AddressOption,
    GpusOption,
    SchedulerOption,
    WorkersOption,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Segment a plane that no memory holds, block by block: the labels are those "
    "of the whole plane. All at once (segment), or plan, run all stages, finish.",
)


@app.command()
def plan(
    context: typer.Context,
    image: ImageArgument,
    folder: NewFolderOption,
    block: BlockOption = 4096,
    page: PageOption = 0,
    threads: ThreadsOption = None,
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

    Prints the number of jobs of each stage. A folder that was planned for the same
    image, model and settings is left as it is.

    [bold]Example[/]

      dinocell blocks plan slide.tif -o run
    """
    from napari_dinocell.engine.blocks.make_plan import make_plan
    from napari_dinocell.engine.blocks.run import WAVES

    job, source = asked_for(context.params)
    planned = make_plan(job, source, folder, side=block, threads=threads)
    for stage in (stage for stage in WAVES if stage in planned.stages):
        output.print(f"{stage} {planned.count(stage)}", highlight=False)


@app.command()
def run(
    folder: FolderArgument,
    stage: StageOption = None,
    job: ShareOption = None,
    halo: HaloOption = 64,
    halo_limit: HaloLimitOption = 2048,
    cut: CutOption = False,
    scheduler: SchedulerOption = None,
    workers: WorkersOption = None,
    scheduler_address: AddressOption = None,
    gpus: GpusOption = "auto",
) -> None:
    """Do the jobs of a run that are not done yet: it goes on where it was stopped.

    [bold]Examples[/]

      dinocell blocks run run --workers 2

      dinocell blocks run run --stage network --job $SLURM_ARRAY_TASK_ID/16

      dinocell blocks run run --scheduler-address tcp://10.0.0.7:8786
    """
    from napari_dinocell.engine.blocks.run import WAVES, run_stage

    wanted = [wave for wave in WAVES if stage in (None, wave.value)]
    if not wanted or (job is not None and stage is None):
        raise typer.BadParameter("expected --stage network, doubt or cells")
    rule = halo_rule(halo, halo_limit, cut=cut)
    where = scheduler, workers, scheduler_address, gpus
    with opened_run(folder, *where) as (opened, executor_of):
        for wave in wanted:
            executor, share = executor_of(wave), job or (0, 1)
            show_progress(run_stage(opened, wave, executor, halo=rule, share=share))


@app.command()
def finish(
    folder: FolderArgument,
    labels_name: LabelsNameOption = LABELS_NAME,
    overwrite_labels: OverwriteLabelsOption = False,
    scheduler: SchedulerOption = None,
    workers: WorkersOption = None,
    scheduler_address: AddressOption = None,
    gpus: GpusOption = "auto",
) -> None:
    """Give the cells their ids and write the labels, once all jobs are done.

    Labels of OME-Zarr become part of the image. Those of other images are a zarr array
    in the folder. Their path is printed.
    """
    where = scheduler, workers, scheduler_address, gpus
    with opened_run(folder, *where) as (opened, executor_of):
        finish_labels(opened, executor_of, labels_name, overwrite=overwrite_labels)
