"""What was found in an image in blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.session.large.events import LargeDone
    from napari_dinocell.session.large.job import LargeJob
    from napari_dinocell.session.regions import PlaneIndex


@dataclass(slots=True, eq=False)
class LargeResult:
    """Labels on disk, and of which planes they are complete."""

    job: LargeJob
    """The last one: its settings are those of the planes it has finished."""
    done: dict[PlaneIndex, LargeDone] = field(default_factory=dict)
