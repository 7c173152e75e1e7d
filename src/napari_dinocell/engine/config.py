"""Frozen settings. Comparing two of them decides what must be computed again.

A change of `WatershedConfig`, `StackConfig`, `link`, `expand` or `consecutive_ids`
reuses the distance map of a plane; one anywhere else drops it. Units are pixels of the
image as opened, unless stated otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, get_args

from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.records import BEFORE, LATER, parse_record
from napari_dinocell.engine.setting_checks import (
    are_channels,
    are_limits,
    is_real,
    is_whole,
    require,
    require_types,
)
from napari_dinocell.engine.stack_config import StackConfig
from napari_dinocell.engine.watershed_config import PROMINENCE, Polygon, WatershedConfig

__all__ = [
    "LARGEST_EXPANSION",
    "PROMINENCE",
    "CellDiameter",
    "Channel",
    "ChannelName",
    "ContrastConfig",
    "DeviceName",
    "Limits",
    "LimitsName",
    "Polygon",
    "SegmentConfig",
    "StackConfig",
    "TilingConfig",
    "WatershedConfig",
    "setting_names",
]

CellDiameter: TypeAlias = float | Literal["auto"] | None
"""Pixels; "auto" measures it in a first pass; None takes the image as it is."""

ChannelName: TypeAlias = Literal["auto", "gray", "hematoxylin", "max", "mean"]
Channel: TypeAlias = int | ChannelName
"""An index, or how to make one plane of several. "gray" is the luminance of RGB,
"hematoxylin" the dye of nuclei in stained tissue; "auto" takes the latter where an RGB
picture shows it and the limits are its own, gray otherwise."""

LimitsName: TypeAlias = Literal["image", "all"]
Limits: TypeAlias = LimitsName | tuple[float, float]
"""Of each plane by itself; of all planes of a stack or all files of a batch together
(measured before the first one is segmented); or low and high, in intensities."""

DeviceName: TypeAlias = str
"""auto, cpu, mps, cuda or cuda:N."""

LARGEST_EXPANSION = 1000
"""Pixels; more than any cell is wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastConfig:
    """How intensities become the [0, 1] image that the network sees."""

    low_percentile: float = 0.1
    """Percentile of the plane that becomes 0."""
    high_percentile: float = 99.9
    """Percentile of the plane that becomes 1."""
    clahe: bool = True
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994)."""
    clip_limit: float = 2.0
    """Largest slope of the local equalisation; 1 changes nothing."""
    window: int = 128
    """Side of the equalisation window, in pixels."""
    robust: bool = field(default=True, metadata={**LATER, BEFORE: False})
    """Noise is never stretched over the range, and outliers do not set the limits. Of
    records from before there was this rule, it is off."""
    limits: Limits = field(default="image", metadata=LATER)
    """Where the intensities that become 0 and 1 come from."""

    @property
    def given_limits(self) -> tuple[float, float] | None:
        """The intensities that become 0 and 1, if they are given as numbers."""
        return None if isinstance(self.limits, str) else self.limits

    def __post_init__(self) -> None:
        require_types(self)
        require(
            self.limits in get_args(LimitsName) or are_limits(self.limits),
            "Expected as limits 'image', 'all', or two numbers with low < high, got "
            f"{self.limits!r}.",
        )
        low, high = self.low_percentile, self.high_percentile
        require(
            0 <= low < high <= 100,
            f"Expected percentiles with 0 <= low < high <= 100, got {low} and {high}.",
        )
        require(
            self.clip_limit >= 1,
            f"Expected a CLAHE clip limit of at least 1, got {self.clip_limit}.",
        )
        require(
            self.window >= 8,
            f"Expected a CLAHE window of at least 8 pixels, got {self.window}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TilingConfig:
    """How a plane is cut for the network."""

    tile_size: int = 256
    """Side of a tile, in pixels that the network sees."""
    overlap: int = 32
    """Width of the band that neighbouring tiles share, in pixels."""
    batch_size: int | None = None
    """Tiles per forward pass; None chooses by device."""

    def __post_init__(self) -> None:
        require_types(self)
        require(
            self.tile_size >= 32 and self.tile_size % 16 == 0,
            f"Expected a tile size that is a multiple of 16 and at least 32, "
            f"got {self.tile_size}.",
        )
        require(
            0 <= self.overlap <= self.tile_size // 2,
            f"Expected an overlap between 0 and half a tile "
            f"({self.tile_size // 2}), got {self.overlap}.",
        )
        require(
            self.batch_size is None
            or (is_whole(self.batch_size) and self.batch_size >= 1),
            f"Expected a whole number >= 1 as batch size, got {self.batch_size!r}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentConfig:
    """All that decides the labels of an image, besides model and device."""

    contrast: ContrastConfig = field(default_factory=ContrastConfig)
    tiling: TilingConfig = field(default_factory=TilingConfig)
    watershed: WatershedConfig = field(default_factory=WatershedConfig)
    stack: StackConfig = field(default_factory=StackConfig, metadata=LATER)
    channel: Channel = "auto"
    """Which channel is segmented. Records from before "auto" say "gray"."""
    channels: tuple[int, ...] | None = field(default=None, metadata=LATER)
    """Channels that max, mean, gray and auto go over; None takes all."""
    cell_diameter: CellDiameter = "auto"
    """Typical cell diameter in this image; scales it to the model's. A small model
    knows one size well, so that the size is measured unless it is given."""
    augment: int = field(default=1, metadata=LATER)
    """Turns and flips of the image, of eight, over which the map is averaged, for as
    many times the work. Four are as good as eight; 1 takes the image as it is."""
    expand: float = field(default=0.0, metadata=LATER)
    """Pixels by which cells grow into the background where labels are written, and in
    `segment`; cells are linked as they have grown. Live labels do not grow."""
    link: bool = field(default=False, metadata=LATER)
    """Whether a cell keeps its id through the pages of a stack (`engine.link`)."""
    lineages: bool = field(default=False, metadata=LATER)
    """Whether, besides, daughters get ids of their own where labels are written, and a
    table says who is whose daughter (`engine.lineage`)."""
    consecutive_ids: bool = field(default=False, metadata=LATER)
    """Whether ids are 1, 2, ... where labels are written, and in `segment`. An id that
    several pages of a stack share stays one. Live labels keep theirs, with gaps."""

    def __post_init__(self) -> None:
        require_types(self)
        diameter = self.cell_diameter
        require(
            diameter is None
            or diameter == "auto"
            or (is_real(diameter) and 1 <= diameter <= 10_000),
            f"Expected a cell diameter of 1 to 10000 pixels, 'auto' or none, "
            f"got {diameter!r}.",
        )
        require(
            1 <= self.augment <= 8,
            f"Expected 1 to 8 flips and turns to average over, got {self.augment}.",
        )
        require(
            0 <= self.expand <= LARGEST_EXPANSION,
            f"Expected 0 to {LARGEST_EXPANSION} pixels to expand cells by, got "
            f"{self.expand}.",
        )
        require(
            not self.lineages or (self.link and not self.stack.volume),
            "Expected frames whose cells are linked (link) where lineages are to be "
            "found; volumes are not linked through time.",
        )
        channel = self.channel
        require(
            channel in get_args(ChannelName)
            or (
                isinstance(channel, int)
                and not isinstance(channel, bool)
                and channel >= 0
            ),
            "Expected a channel index >= 0, 'auto', 'gray', 'hematoxylin', 'max' or "
            f"'mean', got {channel!r}.",
        )
        require(
            self.channels is None or are_channels(self.channels),
            "Expected a tuple of different channel indices >= 0, such as (0, 2), or "
            f"None for all, got {self.channels!r}.",
        )

    def same_map(self, other: SegmentConfig) -> bool:
        """Whether both settings lead to the same distance map."""
        return all(
            getattr(self, f.name) == getattr(other, f.name)
            for f in fields(self)
            if f.name not in _NOT_IN_MAPS
        )

    def with_overrides(self, **values: Any) -> SegmentConfig:
        """Replace settings by their own names, whichever part they belong to.

        Parameters
        ----------
        **values
            For example `seed_threshold=0.5, clahe=False, cell_diameter=40`.

        Raises
        ------
        SettingsError
            If there is no setting of a name, or a value is out of range.
        """
        parts: dict[str, dict[str, Any]] = {}
        own: dict[str, Any] = {}
        homes = _setting_homes()
        for name, value in values.items():
            if name not in homes:
                raise SettingsError(
                    f"Expected one of the settings {', '.join(sorted(homes))}, got "
                    f"{name!r}. Correct its name."
                )
            part = homes[name]
            (own if part is None else parts.setdefault(part, {}))[name] = value
        changed = {
            part: replace(getattr(self, part), **new) for part, new in parts.items()
        }
        return replace(self, **own, **changed)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SegmentConfig:
        """Settings from the form that `to_dict` gives, also after a round by JSON.

        Raises
        ------
        SettingsError
            If a setting is missing, unknown, of the wrong type or out of range; those
            that are younger than the first side-cars may be missing.
        """
        return parse_record(
            cls,
            values,
            repair="Correct it, or take what SegmentConfig().to_dict() gives.",
        )


_NOT_IN_MAPS = (
    "watershed",
    "stack",
    "expand",
    "link",
    "lineages",
    "consecutive_ids",
)
"""What has no part in the map of a plane."""

_PARTS: dict[str, type[Any]] = {
    "contrast": ContrastConfig,
    "tiling": TilingConfig,
    "watershed": WatershedConfig,
    "stack": StackConfig,
}


def setting_names() -> frozenset[str]:
    """Names that `SegmentConfig.with_overrides` takes."""
    return frozenset(_setting_homes())


def _setting_homes() -> dict[str, str | None]:
    """Part of `SegmentConfig` that holds each setting; None for its own ones."""
    homes: dict[str, str | None] = {
        own.name: None for own in fields(SegmentConfig) if own.name not in _PARTS
    }
    for part, kind in _PARTS.items():
        homes |= {setting.name: part for setting in fields(kind)}
    return homes
