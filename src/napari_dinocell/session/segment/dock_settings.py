"""What the Segment dock remembers between starts, and how it is written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from napari_dinocell.engine.config import (
    CellDiameter,
    ContrastConfig,
    SegmentConfig,
    WatershedConfig,
)
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.stack_config import StackConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

Part = TypeVar("Part", ContrastConfig, WatershedConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class DockSettings:
    """Choices that hold for any image: channels and regions belong to one."""

    model: str
    """Name or path of the checkpoint."""
    device: str
    """auto, cpu, mps, cuda or cuda:N."""
    contrast: ContrastConfig
    watershed: WatershedConfig
    cell_diameter: CellDiameter
    link: bool
    """Whether a cell keeps its id from plane to plane."""
    expand: float = 0.0
    """Pixels by which cells grow."""
    consecutive_ids: bool = False
    """Whether ids are 1, 2, ... where labels are written."""
    contours: bool = False
    """Whether cells are drawn as outlines."""
    augment: int = 1
    """Turns and flips over which the map is averaged."""
    bridge: int = 1
    """Slices of a volume in a row that a cell may be missing in."""

    def to_values(self) -> dict[str, Any]:
        """Names and values of JSON types, without any nesting."""
        watershed = asdict(self.watershed)
        del watershed["inside"]  # shapes belong to an image, too
        return {
            "model": self.model,
            "device": self.device,
            **asdict(self.contrast),
            **watershed,
            "cell_diameter": self.cell_diameter,
            "link": self.link,
            "augment": self.augment,
            "expand": self.expand,
            "consecutive_ids": self.consecutive_ids,
            "contours": self.contours,
            "bridge": self.bridge,
        }

    def updated(self, values: Mapping[str, Any]) -> DockSettings:
        """With what `to_values` gave, in this version or an older one.

        Names that are unknown and values of no use are ignored: files outlive versions,
        and users may edit them.
        """
        link, augment = values.get("link"), values.get("augment", 0)
        diameter, expand = values.get("cell_diameter", ""), values.get("expand")
        bridge = values.get("bridge")
        numbered, contours = values.get("consecutive_ids"), values.get("contours")
        return DockSettings(
            model=_text(values, "model", self.model),
            device=_text(values, "device", self.device),
            contrast=_with_limits(_updated(self.contrast, values), values),
            watershed=_updated(self.watershed, values),
            cell_diameter=diameter if _is_diameter(diameter) else self.cell_diameter,
            link=link if isinstance(link, bool) else self.link,
            augment=augment if _is_augment(augment) else self.augment,
            expand=expand if _is_expansion(expand) else self.expand,
            consecutive_ids=(
                numbered if isinstance(numbered, bool) else self.consecutive_ids
            ),
            contours=contours if isinstance(contours, bool) else self.contours,
            bridge=bridge if _is_bridge(bridge) else self.bridge,
        )


def _text(values: Mapping[str, Any], name: str, otherwise: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else otherwise


def _updated(part: Part, values: Mapping[str, Any]) -> Part:
    """With the values that are of its types; as it was, should they contradict."""
    names = {f.name: type(f.default) for f in fields(part) if f.name in values}
    usable = {n: values[n] for n, kind in names.items() if _is_of_kind(values[n], kind)}
    usable.pop("limits", None)
    return _replaced(part, usable)


def _with_limits(part: ContrastConfig, values: Mapping[str, Any]) -> ContrastConfig:
    """With the limits: a name or two numbers, which a file holds as a list."""
    limits = values.get("limits", part.limits)
    return _replaced(part, {"limits": _as_tuple(limits)})


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _replaced(part: Part, values: Mapping[str, Any]) -> Part:
    """The part with these values; as it was, should they be refused."""
    try:
        return replace(part, **values)
    except SettingsError:
        return part


def _is_of_kind(value: object, kind: type) -> bool:
    """Whether a value from a file may stand where such a default does."""
    if kind is float and type(value) in (int, float):
        return isfinite(value)  # type: ignore[arg-type]
    return type(value) is kind


def _is_diameter(value: object) -> bool:
    return not isinstance(value, bool) and _is_setting("cell_diameter", value)


def _is_expansion(value: object) -> TypeGuard[float]:
    return _is_setting("expand", value)


def _is_augment(value: object) -> bool:
    return _is_setting("augment", value)


def _is_bridge(value: object) -> TypeGuard[int]:
    try:
        StackConfig(bridge=value)  # type: ignore[arg-type]
    except SettingsError:
        return False
    return True


def _is_setting(name: str, value: object) -> bool:
    """Whether there may be such a setting of its own."""
    try:
        SegmentConfig(**{name: value})  # type: ignore[arg-type]
    except SettingsError:
        return False
    return True
