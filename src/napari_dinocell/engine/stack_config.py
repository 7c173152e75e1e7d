"""Frozen settings of volumes: stacks whose slices are segmented together."""

from __future__ import annotations

from dataclasses import dataclass

from napari_dinocell.engine.setting_checks import is_real, require, require_types

LARGEST_SPACING = 1000
"""Pixels; beyond it a number is more likely in nanometres."""

ORTHOGONAL_SPACING = 2
"""Up to this spacing a volume cut across its slices still looks like an image."""

MOST_BRIDGED = 10
"""Slices; beyond it there are cells between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """How the slices of a stack become one volume, if they do."""

    volume: bool = False
    """Whether the maps of all slices are one map (Z, Y, X), so that cells are found in
    three dimensions, instead of slice by slice."""
    z_spacing: float | None = None
    """From one slice to the next, in pixels: 3 where slices are three times as far
    apart as pixels. None takes it from the image, and 1 where that does not say it."""
    bridge: int = 1
    """Slices in a row that a cell may be missing in, and is still one."""
    orthogonal: bool = False
    """Whether the network looks at the volume from the side and from the front, too,
    and the maps are averaged: three times the work, for slices at most twice as far
    apart as pixels."""

    def __post_init__(self) -> None:
        require_types(self)
        spacing = self.z_spacing
        require(
            spacing is None or (is_real(spacing) and 0 < spacing <= LARGEST_SPACING),
            f"Expected a z spacing above 0 and up to {LARGEST_SPACING} pixels, or "
            f"none, got {spacing!r}. It is the distance of two slices divided by the "
            "pixel size.",
        )
        require(
            0 <= self.bridge <= MOST_BRIDGED,
            f"Expected to bridge 0 to {MOST_BRIDGED} slices, got {self.bridge}.",
        )
