"""The plan of a run in blocks: all that decides the labels, measured once.

Whoever does a job needs the plan and nothing else. How far a job looks around, how many
jobs run at once and where, is not a part of it: nothing that comes out depends on that.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_dinocell.engine.blocks.grid import BlockGrid
from napari_dinocell.engine.blocks.network_map import TileGroups
from napari_dinocell.engine.blocks.source import (  # noqa: TC001 - a record's type
    PlaneSource,
)
from napari_dinocell.engine.config import (
    Channel,
    SegmentConfig,
)
from napari_dinocell.engine.errors import PlanError
from napari_dinocell.engine.inference.scale import scaled_shape
from napari_dinocell.engine.no_cells import NoCells  # noqa: TC001 - a record's type
from napari_dinocell.engine.records import RecordFormat, dump_record
from napari_dinocell.engine.results.provenance import (  # noqa: TC001 - a record's type
    ModelRecord,
)

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Shape2D

SIDE = 4096
"""Of a block, in pixels."""

SIDES = 64
"""Blocks are a multiple of it: chunks of the result divide them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """What is done to one plane, in which blocks."""

    source: PlaneSource
    identity: str
    """Checksum of what the file said of itself when the plan was made."""
    shape: tuple[int, int]
    """Height and width of the plane."""
    model: ModelRecord
    settings: SegmentConfig
    """As the user has them."""
    channel: Channel
    """What is segmented, where the page has several: never "auto"."""
    white: float | None
    """Brightest value of red, green and blue; None where no stain is looked for."""
    device: str
    """cpu, cuda or mps: other devices give other last bits."""
    precision: str
    threads: int
    """Of the network on a CPU, whose last bits depend on it; 0 elsewhere."""
    low: float
    """The intensity that becomes 0."""
    high: float
    """The intensity that becomes 1."""
    certainty: float
    no_cells: NoCells | None
    """Why there is nothing to see, if there is not."""
    measured: str
    """Checksum of what was measured pixel by pixel, "" for nothing."""
    cell_diameter: float | None
    """In pixels, as measured or given."""
    scale: float
    """Of the image that the network sees."""
    excess: float
    """Taken off the map for the outlines of small cells."""
    side: int
    """Of a block, in pixels."""
    group: int
    """Rows and columns of tiles in one job of the network."""

    def __post_init__(self) -> None:
        if self.side < SIDES or self.side % SIDES:
            raise PlanError(
                f"Expected blocks whose side is a multiple of {SIDES} pixels, got "
                f"{self.side}."
            )

    @property
    def fingerprint(self) -> str:
        """Checksum of the plan."""
        text = json.dumps(dump_record(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def of_map(self) -> BlockPlan:
        """The same with the usual thresholds: all of the plan that decides the map."""
        settings = with_cells_of(self.settings, SegmentConfig())
        return replace(self, settings=settings)

    @property
    def grid(self) -> BlockGrid:
        """The blocks of the plane."""
        return BlockGrid(self.shape, self.side)

    @property
    def network_shape(self) -> Shape2D:
        """Height and width of what the network sees."""
        return scaled_shape(self.shape, self.scale)

    @property
    def groups(self) -> TileGroups:
        """The tiles of the plane."""
        return TileGroups(self.network_shape, self.settings.tiling, self.group)


def with_cells_of(settings: SegmentConfig, other: SegmentConfig) -> SegmentConfig:
    """The same map, and what becomes of it as `other` says: cells, growth, ids."""
    return replace(
        settings,
        watershed=other.watershed,
        expand=other.expand,
        consecutive_ids=other.consecutive_ids,
    )


PLAN = RecordFormat(
    kind=BlockPlan,
    name="napari-dinocell blocks",
    noun="a plan that 'dinocell blocks plan' wrote",
    source="Give the folder that was planned.",
    repair="Plan anew, into another folder.",
    unreadable=PlanError,
)
