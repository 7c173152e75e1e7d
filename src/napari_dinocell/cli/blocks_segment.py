"""`dinocell blocks segment`: plan, all stages and finish by one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_dinocell.cli.blocks_options import (
    BlockOption,
    CutOption,
    HaloLimitOption,
    HaloOption,
    ImageArgument,
    NewFolderOption,
    PageOption,
    ThreadsOption,
)
from napari_dinocell.cli.blocks_progress import show_progress
from napari_dinocell.cli.blocks_steps import (
    asked_for,
    finish_labels,
    halo_rule,
    opened_run,
    place_of_labels,
)
from napari_dinocell.cli.contrast_options import (
    ClaheOption,
    ClipLimitOption,
    LimitsOption,
    PercentilesOption,
    RobustOption,
    WindowOption,
)
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
    where_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.cluster.where import ExecutorOf, Where
    from napari_dinocell.engine.blocks.block_cells import HaloRule
    from napari_dinocell.engine.blocks.work_folder import WorkFolder

ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with the run in the folder, for which nothing is measured again.",
    ),
]


HELP = """
Segment a plane that no memory holds, on this machine or a cluster.

Plan, run and finish in one go. The folder keeps what is done; --resume goes on
after whatever ended it, to the same labels.

[bold]Examples[/]

  dinocell blocks segment slide.tif -o run --workers 2

  dinocell blocks segment slide.tif -o run --gpus auto --workers 8 --resume

  dinocell blocks segment slide.tif -o run --scheduler-address tcp://10.0.0.7:8786
"""


def segment(
    context: typer.Context,
    image: ImageArgument,
    folder: NewFolderOption,
    block: BlockOption = 4096,
    page: PageOption = 0,
    threads: ThreadsOption = None,
    labels_name: LabelsNameOption = LABELS_NAME,
    overwrite_labels: OverwriteLabelsOption = False,
    resume: ResumeOption = False,
    halo: HaloOption = 64,
    halo_limit: HaloLimitOption = 2048,
    cut: CutOption = False,
    scheduler: SchedulerOption = None,
    workers: WorkersOption = None,
    scheduler_address: AddressOption = None,
    gpus: GpusOption = "auto",
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
    """Plan, run and finish in one go."""
    where = scheduler, workers, scheduler_address, gpus
    _plan(context.params, where_of(*where))
    rule = halo_rule(halo, halo_limit, cut=cut)
    with opened_run(folder, *where) as (opened, executor_of):
        _run(opened, executor_of, rule)
        finish_labels(opened, executor_of, labels_name, overwrite=overwrite_labels)


def _run(folder: WorkFolder, executor_of: ExecutorOf, rule: HaloRule) -> None:
    """Do all stages."""
    from napari_dinocell.engine.blocks.run import WAVES, run_stage

    for wave in WAVES:
        show_progress(run_stage(folder, wave, executor_of(wave), halo=rule))


def _plan(options: Mapping[str, Any], where: Where) -> None:
    """Make the plan of a new run, or see that the one in the folder is this one."""
    from napari_dinocell.engine.blocks.make_plan import make_plan, plan_of_before
    from napari_dinocell.engine.errors import PlanError
    from napari_dinocell.engine.inference.device import engine_threads

    folder, side = options["folder"], options["block"]
    job, source = asked_for(options)
    overwrite = options["overwrite_labels"]
    place_of_labels(source, folder, options["labels_name"], overwrite=overwrite)
    if options["resume"]:
        plan_of_before(job, source, folder, side=side)
        return
    if (folder / "plan.json").exists():
        raise PlanError(
            f"Expected a new folder, but {folder} has a run. Go on with it by "
            "--resume, or give another folder."
        )
    here = 1 if where.address is not None else where.local_workers
    threads = options["threads"] or max(1, engine_threads() // here)
    make_plan(job, source, folder, side=side, threads=threads)
