"""From a preset and single settings to the job of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_dinocell.engine.batch.find_model import find_model
from napari_dinocell.engine.batch.segment_files import SegmentJob
from napari_dinocell.engine.inference.device import limit_threads
from napari_dinocell.engine.labels.mask_file import record_mask, require_same_mask
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.results.export_formats import (
    MEASUREMENTS,
    require_extra_formats,
)
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.engine.segmenter import Segmenter

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.preset import Preset
    from napari_dinocell.engine.images.page_choice import PageRanges
    from napari_dinocell.engine.labels.mask_file import MaskRecord
    from napari_dinocell.engine.results.page_region import PageRegion


def make_job(
    *,
    model: str | None = None,
    device: str = "auto",
    preset: Preset | None = None,
    overrides: dict[str, Any] | None = None,
    axes: str | None = None,
    region: PageRegion | Literal["none"] | None = None,
    ranges: PageRanges | None = None,
    level: int = 0,
    mask: Path | Literal["none"] | None = None,
    overlay: bool = False,
    also: tuple[str, ...] | None = None,
    measure: bool | None = None,
) -> SegmentJob:
    """Make a job; what is given besides a preset goes first.

    Parameters
    ----------
    model
        Name or path; None takes the preset's, or the bundled one.
    device
        auto, cpu, mps, cuda or cuda:N.
    preset
        Settings, region, axes and model; None takes the model's own settings.
    overrides
        Single settings by name, as `SegmentConfig.with_overrides` takes them.
    axes, region, ranges, level, overlay
        As in `SegmentJob`; without axes or region, the preset's are taken, and a region
        "none" is the whole page.
    mask
        A file; None takes the preset's, "none" has no mask.
    also, measure
        Formats to write besides labels, and whether measurements are among them; None
        takes the preset's.

    Raises
    ------
    CheckpointError
        If the preset's model is not on this machine.
    DinoCellError
        If model, settings or mask cannot be used.
    """
    limit_threads()  # as the viewer does: the last bits of a map depend on it
    if model is None and preset is not None:
        model = find_model(preset.model, wanted_by=preset.name)
    segmenter = Segmenter(model, device=device)
    config = segmenter.default_config() if preset is None else preset.settings
    return SegmentJob(
        segmenter=segmenter,
        model=_record(model, segmenter.path),
        config=config.with_overrides(**(overrides or {})),
        axes=axes or (preset.axes if preset else None),
        region=_find_region(region, preset),
        ranges=ranges or {},
        level=level,
        mask=_find_mask(mask, preset),
        overlay=overlay,
        also=_extra_formats(also, measure, preset),
    )


def _find_region(
    given: PageRegion | Literal["none"] | None, preset: Preset | None
) -> PageRegion | None:
    if given == "none":
        return None
    return given or (preset.region if preset else None)


def _find_mask(
    given: Path | Literal["none"] | None, preset: Preset | None
) -> MaskRecord | None:
    """The mask that was asked for, or that of the preset if it is still the same."""
    if isinstance(given, Path):
        return record_mask(given)
    if given == "none" or preset is None or preset.mask is None:
        return None
    require_same_mask(preset.mask)
    return preset.mask


def _extra_formats(
    given: tuple[str, ...] | None, measure: bool | None, preset: Preset | None
) -> tuple[str, ...]:
    formats = (preset.also if preset else ()) if given is None else given
    require_extra_formats(formats)
    others = tuple(key for key in formats if key != MEASUREMENTS)
    wanted = MEASUREMENTS in formats if measure is None else measure
    return (MEASUREMENTS, *others) if wanted else others


def _record(wanted: str | None, checkpoint: Path) -> ModelRecord:
    """A name as it is, a path made absolute so that it can be found again."""
    path = None if wanted is None else Path(wanted).expanduser()
    name = str(path.absolute()) if path and path.is_file() else wanted or "default"
    return ModelRecord(name=name, sha256=file_sha256(checkpoint))
