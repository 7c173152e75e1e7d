"""What the Segment dock is set to, for the other docks to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.engine.config import SegmentConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChoice:
    """Model, device and settings as the user has chosen them by now."""

    model: str
    """What `resolve_model` takes."""
    device: str
    """auto, cpu, mps, cuda or cuda:N."""
    settings: SegmentConfig | None
    """Thresholds included; None where the settings contradict each other."""
    problem: str = ""
    """In what they do."""
    image: str | None = None
    """Id of the image layer that is chosen."""
    channel_axis: int | None = None
    """Axis of that image that holds channels."""
