"""What a finished run was: enough to make its labels again, kept with their layers.

Plain data. Knows neither Qt nor napari, and not how a record is replayed (`_copy_as`).
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a record's type
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from napari_dinocell.engine.config import (  # noqa: TC001 - a record's types
    Channel,
    SegmentConfig,
    WatershedConfig,
)
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.records import LATER, RecordedSlice, RecordFormat
from napari_dinocell.engine.results.page_region import parse_region
from napari_dinocell.engine.results.provenance import ModelRecord, software_versions
from napari_dinocell.session.regions import PlaneIndex  # noqa: TC001 - a record's type


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """How the labels of one plane, or of all planes alike, were made."""

    source_name: str
    """Name of the image layer."""
    source_path: str | None
    """Where napari read the layer from; None for a layer without a file."""
    rgb: bool
    channel_axis: int | None
    """Axis of the layer's data that holds channels."""
    model: ModelRecord
    settings: SegmentConfig
    """As asked for."""
    cell_diameter: float | None
    """Pixels, as given or measured; None if the image was taken as it is."""
    region: tuple[RecordedSlice, RecordedSlice] | None
    """Rows and columns that were segmented as an image of their own; None for all."""
    plane: PlaneIndex | None
    """Index along the axes that number planes; None for all planes."""
    device: str
    """Where the network really ran."""
    precision: str
    """Of the network's matrix products: float32 or bfloat16."""
    threads: int | None = None
    """Of torch; on a CPU the last bits of the map depend on them. None: not known."""
    seconds: float
    cells: int
    """At the thresholds of the end of the run."""
    channel: Channel | None = field(default=None, metadata=LATER)
    """What was segmented of several channels, where the settings say "auto"; None, too,
    where it was not the same in all planes."""
    tiles: tuple[int, int] | None = field(default=None, metadata=LATER)
    """How many tiles of how many the map is made of, where the run was stopped early;
    None for all."""
    versions: Mapping[str, str | None] = field(
        default_factory=lambda: software_versions()
    )
    created: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds")
    )
    """Time in ISO 8601."""

    def __post_init__(self) -> None:
        if self.region is not None:
            parse_region([[part.start, part.stop] for part in self.region])
        if self.plane is not None:
            _check_plane(self.plane)

    def with_watershed(self, config: WatershedConfig) -> RunRecord:
        """The record of the labels after thresholds were moved; `cells` stays."""
        return replace(self, settings=replace(self.settings, watershed=config))

    def to_metadata(self) -> dict[str, Any]:
        """JSON-ready form for a layer's metadata, read back by `from_metadata`."""
        return RUN.to_dict(self)

    @classmethod
    def from_metadata(cls, values: Mapping[str, Any]) -> RunRecord:
        """Check and take over what `to_metadata` gave; other entries are ignored.

        Raises
        ------
        SettingsError
            If it is no such record, or one of a newer version, or an entry is
            missing, of the wrong type or out of range.
        """
        own = ("format", "format_version", *(entry.name for entry in fields(cls)))
        return RUN.from_dict({name: values[name] for name in own if name in values})


RUN = RecordFormat(
    kind=RunRecord,
    name="napari-dinocell run",
    noun="metadata of a napari-dinocell result",
    source="Choose a layer that Segment has made.",
    repair="Segment the image again.",
)


def _check_plane(plane: PlaneIndex) -> None:
    if min(plane, default=0) < 0:
        raise SettingsError(
            f"Expected indices >= 0 for 'plane' in a layer's metadata, got {plane!r}. "
            "Segment the image again."
        )
