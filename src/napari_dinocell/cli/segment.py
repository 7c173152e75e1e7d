"""`dinocell segment`: labels for files, folders and patterns."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_dinocell.cli.contrast_options import (
    ClaheOption,
    ClipLimitOption,
    LimitsOption,
    PercentilesOption,
    RobustOption,
    WindowOption,
)
from napari_dinocell.cli.errors import FAILED, INTERRUPTED, debugging, print_note
from napari_dinocell.cli.extra_options import AlsoOption, MeasureOption
from napari_dinocell.cli.link_options import LineagesOption, LinkOption
from napari_dinocell.cli.mask_option import MaskOption, chosen_mask
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
    FormatOption,
    ImagesArgument,
    LabelFormatName,
    MaxSizeOption,
    MinSizeOption,
    ModelOption,
    OverlayOption,
    PresetOption,
    ProminenceOption,
    RecursiveOption,
    RegionOption,
    ResumeOption,
    SceneOption,
    SeedThresholdOption,
    SettingsOption,
    given_overrides,
    settings_among,
)
from napari_dinocell.cli.store_options import (
    LABELS_NAME,
    BlocksOption,
    FieldsOption,
    LabelsNameOption,
    LevelOption,
    OverwriteLabelsOption,
    ResultsOption,
    TimeRangeOption,
    WellsOption,
    ZRangeOption,
    chosen_fields,
    chosen_ranges,
    results_place,
)
from napari_dinocell.cli.volume_options import (
    BridgeOption,
    MinZExtentOption,
    OrthogonalOption,
    PartingOption,
    VolumeOption,
    ZSpacingOption,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.batch.into_image import IntoImage
    from napari_dinocell.engine.batch.preset import Preset
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.batch.targets import Target


EXAMPLES = """
[bold]Examples[/]

  dinocell segment image.tif -o results

  dinocell segment day1 'day2/*.tif' -o results --overlay --resume

  dinocell segment rgb.png -o results --channel 2 -d 40 --region 0:512,64:576

  dinocell segment new.tif -o results --settings results/image_labels.json

  dinocell segment plate7 -o results --recursive --preset 'nuclei 20x'

  dinocell segment plate7 -o results --measure --also roi,geojson

  dinocell segment scan.tif -o results --mask tissue.geojson

  dinocell segment movie.tif -o results --link --lineages

  dinocell segment stack.tif -o results --volume --z-spacing 3

  dinocell segment scan.ome.zarr --labels-name nuclei --level 1

  dinocell segment plate.zarr --wells 'B/*' --fields 0 --resume
"""
"""Shown below the options."""

HELP = """
Segment the cells of images.

The labels of NAME.tif go to DIR/NAME_labels.tif, with DIR/NAME_labels.json
beside them: all settings and versions, to be replayed by --settings. Each page of
a stack is segmented, and the labels keep its axes and its pixel size.

Without -o, the labels of OME-Zarr become part of it, in IMAGE/labels/cells, with
all settings among their metadata. Each field of a plate is an image.

A file that cannot be segmented does not stop the others; the exit status is then 1.
With several images, DIR/dinocell_summary.csv tells how each of them went;
--measure puts the cells of all of them into DIR/dinocell_measurements.csv.
"""
"""Shown above them."""

_JOB_OPTIONS = (
    "model",
    "device",
    "axes",
    "region",
    "level",
    "overlay",
    "measure",
    "also",
)
"""That are arguments of `make_job` as they are."""


def segment(
    context: typer.Context,
    images: ImagesArgument,
    output: ResultsOption = None,
    recursive: RecursiveOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    channel: ChannelOption = None,
    channels: ChannelsOption = None,
    axes: AxesOption = None,
    scene: SceneOption = None,
    region: RegionOption = None,
    mask: MaskOption = None,
    level: LevelOption = 0,
    time_range: TimeRangeOption = None,
    z_range: ZRangeOption = None,
    wells: WellsOption = None,
    fields: FieldsOption = None,
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
    link: LinkOption = None,
    lineages: LineagesOption = None,
    consecutive_ids: ConsecutiveIdsOption = None,
    volume: VolumeOption = None,
    z_spacing: ZSpacingOption = None,
    bridge: BridgeOption = None,
    orthogonal: OrthogonalOption = None,
    min_z_extent: MinZExtentOption = None,
    parting: PartingOption = None,
    file_format: FormatOption = LabelFormatName.tif,
    labels_name: LabelsNameOption = LABELS_NAME,
    overwrite_labels: OverwriteLabelsOption = False,
    blocks: BlocksOption = False,
    overlay: OverlayOption = False,
    measure: MeasureOption = None,
    also: AlsoOption = None,
    resume: ResumeOption = False,
    preset: PresetOption = None,
    settings: SettingsOption = None,
) -> None:
    """Segment the cells of images; `HELP` tells users more."""
    beside = {"--overlay": overlay, "--measure": measure, "--also": also}
    where = results_place(output, labels_name, overwrite_labels, beside)
    targets = find_targets(images, where, file_format, context.params)
    job = job_of(context.params, find_preset(preset, settings))
    _segment_and_exit(job, targets, output, resume=resume, blocks=blocks)


def job_of(options: Mapping[str, Any], preset: Preset | None) -> SegmentJob:
    """What is done to each image; `options` are those of the command, by name."""
    from napari_dinocell.engine.batch.make_job import make_job

    return make_job(
        preset=preset,
        overrides=given_overrides(**settings_among(options)),
        ranges=chosen_ranges(options["time_range"], options["z_range"]),
        mask=chosen_mask(options["mask"]),
        **{name: options[name] for name in _JOB_OPTIONS},
    )


def find_targets(
    images: list[str],
    where: Path | IntoImage,
    file_format: LabelFormatName,
    options: Mapping[str, Any],
) -> list[Target]:
    """Where the labels of all images go; errors come before any work."""
    from napari_dinocell.engine.batch.targets import plan_targets
    from napari_dinocell.engine.images.find_images import search_images

    choice = chosen_fields(options["wells"], options["fields"])
    found = search_images(images, recursive=options["recursive"], choice=choice)
    return plan_targets(found, where, file_format.value, scene=options["scene"])


def find_preset(name_or_file: str | None, sidecar: Path | None) -> Preset | None:
    """What was asked for by --preset or --settings."""
    from napari_dinocell.engine.batch import preset, preset_store

    if name_or_file is not None and sidecar is not None:
        raise typer.BadParameter("Give either --preset or --settings, not both.")
    if sidecar is not None:
        return preset.preset_of_labels(sidecar)
    return None if name_or_file is None else preset_store.find_preset(name_or_file)


def _segment_and_exit(
    job: SegmentJob,
    targets: list[Target],
    folder: Path | None,
    *,
    resume: bool,
    blocks: bool,
) -> None:
    """Leave with the status that tells how it went."""
    from napari_dinocell.engine.batch.joined_table import TABLE_NAME
    from napari_dinocell.engine.batch.summary import SUMMARY_NAME

    if folder is None and job.also:
        print_note("The preset's other formats need a folder (-o DIR); left out.")
    table = folder / TABLE_NAME if folder else None
    summary = folder / SUMMARY_NAME if folder and len(targets) > 1 else None
    try:
        failed = segment_targets(
            job, targets, summary, table, resume=resume, blocks=blocks
        )
    except KeyboardInterrupt:
        print_note("Interrupted. Finished files are kept; go on with --resume.")
        raise typer.Exit(INTERRUPTED) from None
    if failed:
        raise typer.Exit(FAILED)


def segment_targets(
    job: SegmentJob,
    targets: list[Target],
    summary: Path | None,
    table: Path | None,
    *,
    resume: bool,
    blocks: bool = False,
) -> int:
    """Segment all files, whatever happens to single ones.

    Returns
    -------
    The number of files that failed.
    """
    from napari_dinocell.cli.segment_report import SegmentReport
    from napari_dinocell.engine.batch.events import FileEnded
    from napari_dinocell.engine.batch.run_batch import segment_batch
    from napari_dinocell.engine.blocks.segment_large import SegmentLarge

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # errors say it better
    batch = segment_batch(
        job,
        targets,
        resume=resume,
        summary=summary,
        table=table,
        segment=SegmentLarge(always=blocks),
    )
    with SegmentReport(len(targets)) as report, closing(batch) as events:
        for event in events:
            if debugging() and isinstance(event, FileEnded) and event.error:
                raise event.error
            report.show(event)
    return report.failed
