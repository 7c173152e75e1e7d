"""What a run in blocks is given, and what it reports. Light: the GUI thread has it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_dinocell.session.regions import region_shape

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.replay.run_record import RunRecord
    from napari_dinocell.session.segment.events import SegmentRequest

Step: TypeAlias = Literal["network", "doubt", "cells", "holes", "labels", "expanded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LargePlace:
    """Where a run in blocks keeps what it has done, and what it is called."""

    name: str
    """Of the image, for the user."""
    folder: Path
    """Of this image: runs and labels."""
    path: str | None = None
    """Of the image; None if it is no file."""

    @property
    def labels(self) -> Path:
        """The labels of all planes, see `LabelPyramid`."""
        return self.folder / "labels.zarr"

    def run(self, index: PlaneIndex, region: Region | None) -> Path:
        """Folder of the run of a plane, or of a region of it."""
        plane = "-".join(map(str, index)) or "plane"
        if region is None:
            return self.folder / plane
        ends = "-".join(f"{part.start}-{part.stop}" for part in region)
        return self.folder / f"{plane} {ends}"


@dataclass(frozen=True, slots=True)
class LargePlanned:
    """A plane was measured; its blocks follow."""

    index: PlaneIndex
    device: str
    precision: str
    cell_diameter: float | None
    """In pixels; None if the image is taken as it is."""
    map_is_known: bool
    """Whether the network has nothing left to do."""


@dataclass(frozen=True, slots=True)
class BlockDone:
    """One more block of a step is done."""

    index: PlaneIndex
    step: Step
    done: int
    total: int
    shown: Region | None
    """Rows and columns of the plane whose labels have changed."""


@dataclass(frozen=True, slots=True)
class LargeDone:
    """The labels of a plane are those of the whole plane."""

    index: PlaneIndex
    record: RunRecord
    """How they were made; what was done before this run takes none of its seconds."""
    cut: int
    """Pixels whose cell was cut at the limit of the halo: 0 if all is exact."""


LargeEvent: TypeAlias = LargePlanned | BlockDone | LargeDone


def is_large(request: SegmentRequest) -> bool:
    """Whether a request is for lazily read planes that memory hardly holds."""
    source = request.source
    if not source.is_lazy or request.config.stack.volume:
        return False
    from napari_dinocell.engine.blocks.segment_large import takes_much

    shape = source.shape[-2:]
    if request.region is not None:
        shape = region_shape(request.region)
    colours = source.data.shape[-1] if source.rgb else 1
    if source.channel_axis is not None:
        colours = source.data.shape[source.channel_axis]
    return takes_much(prod(shape), colours * source.dtype.itemsize)


def why_whole(request: SegmentRequest) -> str:
    """What of a request for large planes blocks cannot do; "" if they can do it."""
    wanted = {
        "the limits of all planes together": request.config.contrast.limits == "all",
        "linked ids": request.config.link,
        "only the cells in drawn shapes": request.thresholds().inside is not None,
    }
    return next((name for name, asked in wanted.items() if asked), "")
