"""`dinocell segment`: labels for files, folders and patterns."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from napari_dinocell.cli.errors import FAILED, INTERRUPTED, debugging, print_note
from napari_dinocell.cli.options import (
    AxesOption,
    CellDiameterOption,
    ChannelOption,
    ChannelsOption,
    ClaheOption,
    ClipLimitOption,
    DeviceOption,
    FillHolesOption,
    ForegroundThresholdOption,
    FormatOption,
    ImagesArgument,
    LabelFormatName,
    MinSizeOption,
    ModelOption,
    OutputOption,
    OverlayOption,
    PercentilesOption,
    RegionOption,
    ResumeOption,
    SeedThresholdOption,
    SettingsOption,
    WindowOption,
    given_overrides,
    settings_among,
)

if TYPE_CHECKING:
    from napari_dinocell.cli.segment_report import SegmentReport
    from napari_dinocell.engine.batch.segment_files import SegmentJob, Target
    from napari_dinocell.engine.results.page_region import PageRegion

logger = logging.getLogger(__name__)


def segment(
    context: typer.Context,
    images: ImagesArgument,
    output: OutputOption,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    channel: ChannelOption = None,
    channels: ChannelsOption = None,
    axes: AxesOption = None,
    region: RegionOption = None,
    percentiles: PercentilesOption = None,
    clahe: ClaheOption = None,
    clip_limit: ClipLimitOption = None,
    window: WindowOption = None,
    cell_diameter: CellDiameterOption = None,
    seed_threshold: SeedThresholdOption = None,
    foreground_threshold: ForegroundThresholdOption = None,
    min_size: MinSizeOption = None,
    fill_holes: FillHolesOption = None,
    file_format: FormatOption = LabelFormatName.tif,
    overlay: OverlayOption = False,
    resume: ResumeOption = False,
    settings: SettingsOption = None,
) -> None:
    """Segment the cells of images.

    The labels of NAME.tif go to DIR/NAME_labels.tif, with DIR/NAME_labels.json
    beside them: all settings and versions, to be replayed by --settings. Each page of
    a stack is segmented, and the labels keep its axes and its pixel size.

    A file that cannot be segmented does not stop the others; the exit status is then 1.

    [bold]Examples[/]

      dinocell segment image.tif -o results

      dinocell segment day1 'day2/*.tif' -o results --overlay --resume

      dinocell segment rgb.png -o results --channel 2 -d 40 --region 0:512,64:576

      dinocell segment new.tif -o results --settings results/image_labels.json
    """
    overrides = given_overrides(**settings_among(context.params))
    targets = find_targets(images, output, file_format)
    job = make_job(
        model=model,
        device=device,
        settings=settings,
        overrides=overrides,
        axes=axes,
        region=region,
        overlay=overlay,
    )
    _segment_and_exit(job, targets, resume=resume)


def find_targets(
    images: list[str], folder: Path, file_format: LabelFormatName
) -> list[Target]:
    """Where the labels of all images go; errors come before any work."""
    from napari_dinocell.engine.batch.segment_files import plan_targets
    from napari_dinocell.engine.results.image_files import find_images

    return plan_targets(find_images(images), folder, file_format.value)


def make_job(
    *,
    model: str | None,
    device: str,
    settings: Path | None,
    overrides: dict[str, Any],
    axes: str | None,
    region: PageRegion | Literal["none"] | None,
    overlay: bool,
) -> SegmentJob:
    """Model, settings and region from options and, if given, a side-car.

    Raises
    ------
    CheckpointError
        If the side-car's model is not the one found under its name.
    DinoCellError
        If model or settings cannot be used.
    """
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.errors import CheckpointError
    from napari_dinocell.engine.inference.device import limit_threads
    from napari_dinocell.engine.model.checkpoint_file import file_sha256
    from napari_dinocell.engine.results.provenance import ModelRecord, read_provenance
    from napari_dinocell.engine.segmenter import Segmenter

    limit_threads()  # as the viewer does: the last bits of a map depend on it
    recorded = None if settings is None else read_provenance(settings)
    wanted = recorded.model.name if model is None and recorded is not None else model
    segmenter = Segmenter(wanted, device=device)
    sha256 = file_sha256(segmenter.path)
    if model is None and recorded is not None and recorded.model.sha256 != sha256:
        raise CheckpointError(
            f"Expected the model of {settings} (SHA-256 {recorded.model.sha256[:12]}…),"
            f" but {segmenter.path} is another one ({sha256[:12]}…). Name the right "
            "file by --model, or the new one to use it on purpose."
        )
    config = segmenter.default_config() if recorded is None else recorded.settings
    if region is None and recorded is not None:
        region = recorded.region
    return SegmentJob(
        segmenter=segmenter,
        model=ModelRecord(name=_recordable_name(wanted), sha256=sha256),
        config=config.with_overrides(**overrides),
        axes=axes,
        region=None if region == "none" else region,
        overlay=overlay,
    )


def _recordable_name(wanted: str | None) -> str:
    """A name as it is, a path made absolute so that it can be found again."""
    if wanted is None:
        return "default"
    path = Path(wanted).expanduser()
    return str(path.absolute()) if path.is_file() else wanted


def _segment_and_exit(job: SegmentJob, targets: list[Target], *, resume: bool) -> None:
    """Leave with the status that tells how it went."""
    try:
        failed = segment_targets(job, targets, resume=resume)
    except KeyboardInterrupt:
        print_note("Interrupted. Finished files are kept; go on with --resume.")
        raise typer.Exit(INTERRUPTED) from None
    if failed:
        raise typer.Exit(FAILED)


def segment_targets(job: SegmentJob, targets: list[Target], *, resume: bool) -> int:
    """Segment all files, whatever happens to single ones.

    Returns
    -------
    The number of files that failed.
    """
    from napari_dinocell.cli.segment_report import SegmentReport
    from napari_dinocell.engine.batch.segment_files import is_finished

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # errors say it better
    with SegmentReport(len(targets)) as report:
        for target in targets:
            if resume and is_finished(job, target):
                report.skip(target.image)
            else:
                _segment_target(job, target, report)
    return report.failed


def _segment_target(job: SegmentJob, target: Target, report: SegmentReport) -> None:
    from napari_dinocell.engine.batch.segment_files import segment_file
    from napari_dinocell.engine.errors import (
        CheckpointError,
        DeviceError,
        NeedsTrainingError,
    )

    report.start(target.image)
    try:
        with closing(segment_file(job, target)) as events:
            for event in events:
                report.show(event)
    except (CheckpointError, DeviceError, NeedsTrainingError):
        raise  # not this file's fault: all others would fail alike
    except Exception as error:
        if debugging():
            raise
        report.fail(target.image, _reason(error))


def _reason(error: Exception) -> str:
    from napari_dinocell.engine.errors import DinoCellError

    if isinstance(error, DinoCellError):
        return str(error)
    return (
        f"unexpected {type(error).__name__}: {error}. This is a fault of the program; "
        "please report it, with DINOCELL_DEBUG=1 set to see where it happened."
    )
