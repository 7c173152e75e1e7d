"""What a finished run was: enough to make its labels again, kept with their layers.

Plain data. Knows neither Qt nor napari, and not how a record is replayed (`_copy_as`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from types import NoneType
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.results.page_region import parse_region
from napari_dinocell.engine.results.provenance import ModelRecord, software_versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.session.regions import PlaneIndex, Region

FORMAT = "napari-dinocell run"
FORMAT_VERSION = 1


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
    region: Region | None
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
    versions: Mapping[str, str | None] = field(
        default_factory=lambda: software_versions()
    )
    created: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds")
    )
    """Time in ISO 8601."""

    def with_watershed(self, config: WatershedConfig) -> RunRecord:
        """The record of the labels after thresholds were moved; `cells` stays."""
        return replace(self, settings=replace(self.settings, watershed=config))

    def to_metadata(self) -> dict[str, Any]:
        """JSON-ready form for a layer's metadata, read back by `from_metadata`."""
        own = {name: getattr(self, name) for name in _FLAT_TYPES}
        return own | {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "model": asdict(self.model),
            "settings": self.settings.to_dict(),
            "region": self.region and [_ends(part) for part in self.region],
            "plane": None if self.plane is None else [int(n) for n in self.plane],
            "versions": dict(self.versions),
        }

    @classmethod
    def from_metadata(cls, values: Mapping[str, Any]) -> RunRecord:
        """Check and take over what `to_metadata` gave; other entries are ignored.

        Raises
        ------
        SettingsError
            If it is no such record, or one of a newer version, or an entry is
            missing, of the wrong type or out of range.
        """
        _check_format(values)
        own = {name: _entry(values, name, *_FLAT_TYPES[name]) for name in _FLAT_TYPES}
        model = _entry(values, "model", dict)
        return cls(
            **own,
            model=ModelRecord(
                name=_entry(model, "name", str), sha256=_entry(model, "sha256", str)
            ),
            settings=SegmentConfig.from_dict(_entry(values, "settings", dict)),
            region=_parse_region(_entry(values, "region", list, NoneType)),
            plane=_parse_plane(_entry(values, "plane", list, NoneType)),
            versions=_entry(values, "versions", dict),
        )


_FLAT_TYPES: dict[str, tuple[type, ...]] = {
    "source_name": (str,),
    "source_path": (str, NoneType),
    "rgb": (bool,),
    "channel_axis": (int, NoneType),
    "cell_diameter": (float, int, NoneType),
    "device": (str,),
    "precision": (str,),
    "threads": (int, NoneType),
    "seconds": (float, int),
    "cells": (int,),
    "created": (str,),
}
"""Entries that are in the metadata as they are in the record."""


def _ends(part: slice) -> list[int]:
    return [int(part.start), int(part.stop)]


def _check_format(values: Mapping[str, Any]) -> None:
    if values.get("format") != FORMAT:
        raise SettingsError(
            f"Expected metadata of a napari-dinocell result (its 'format' is "
            f"{FORMAT!r}), got {values.get('format')!r}. Choose a layer that Segment "
            "has made."
        )
    if values.get("format_version") != FORMAT_VERSION:
        raise SettingsError(
            f"Expected format version {FORMAT_VERSION}, got "
            f"{values.get('format_version')!r}. Update napari-dinocell."
        )


def _entry(values: Mapping[str, Any], name: str, *kinds: type) -> Any:
    value = values.get(name, _MISSING)
    wrong_bool = isinstance(value, bool) and bool not in kinds
    if wrong_bool or not isinstance(value, kinds):
        found = "nothing" if value is _MISSING else repr(value)
        expected = " or ".join("none" if k is NoneType else k.__name__ for k in kinds)
        raise SettingsError(
            f"Expected {expected} for {name!r} in a layer's metadata, got {found}. "
            "Segment the image again."
        )
    return value


_MISSING = object()


def _parse_region(values: list[Any] | None) -> Region | None:
    if values is None:
        return None
    rows, columns = parse_region(values)
    return slice(*rows), slice(*columns)


def _parse_plane(values: list[Any] | None) -> PlaneIndex | None:
    if values is None:
        return None
    if not all(type(index) is int and index >= 0 for index in values):
        raise SettingsError(
            f"Expected indices >= 0 for 'plane' in a layer's metadata, got {values!r}. "
            "Segment the image again."
        )
    return tuple(values)
