"""What a press on Segment asks for, and what its job reports.

Frozen and light: the GUI thread knows these, but not the engine behind them, which is
imported when it first runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.inference.events import SegmentEvent
from napari_dinocell.session.segment.stack_limits import StackLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.segment.stack_result import PlaneRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRequest:
    """What shall be segmented, and how."""

    model: str
    """Name or path of the checkpoint."""
    device: str
    """auto, cpu, mps, cuda or cuda:N."""
    source: ImageSource
    planes: tuple[PlaneIndex, ...]
    """In the order in which they are wanted."""
    config: SegmentConfig
    thresholds: Callable[[], WatershedConfig]
    """The present ones: they may move while the job runs. Called in the worker."""
    region: Region | None = None
    """Rows and columns to segment as an image of their own; None for whole planes."""
    viewport: Region | None = None
    """Rows and columns of the plane that the user looks at: their tiles come first."""
    stack_limits: StackLimits = field(default_factory=StackLimits)
    """Measures black and white of all planes together, where that is asked for."""
    stop: Event = field(default_factory=Event)
    """Set to end the job early and keep what has arrived of the plane at work."""


@dataclass(frozen=True, slots=True)
class LimitsPlanned:
    """So many planes are read for their intensities before the first plane begins."""

    planes: int


@dataclass(frozen=True, slots=True)
class PlaneStarted:
    """Plane `number` (from 0) of `count` begins; its events follow."""

    index: PlaneIndex
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class MapGrew:
    """A part of the map (rows and columns of the plane) has changed."""

    index: PlaneIndex
    region: Region


@dataclass(frozen=True, slots=True)
class LabelsGrew:
    """The labels show the cells of the tiles so far; `region` holds all changes."""

    index: PlaneIndex
    region: Region
    cells: int


@dataclass(frozen=True, slots=True)
class PlaneDone:
    """Map, labels and record of a plane are complete."""

    index: PlaneIndex
    cells: int
    record: PlaneRecord


JobEvent: TypeAlias = (
    LimitsPlanned | PlaneStarted | MapGrew | LabelsGrew | PlaneDone | SegmentEvent
)
