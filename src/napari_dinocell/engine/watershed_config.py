"""Frozen settings of the watershed: the live part of all that decides labels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from napari_dinocell.engine.records import BEFORE, LATER
from napari_dinocell.engine.setting_checks import are_polygons, require, require_types

PARTING = 0.3
"""Chosen on synthetic volumes of nuclei (benchmarks/volumes.py)."""

PROMINENCE = 0.4
"""Chosen on 88 images of 18 sources (training/experiments.md)."""

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (y, x) in pixels; the centre of the first pixel is (0, 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatershedConfig:
    """How the distance map becomes labels: the live part.

    The defaults are for maps of unknown origin. The card in a checkpoint's header has
    thresholds of its own, which win wherever a model is known:
    `dinocell models set-thresholds` changes them.
    """

    seed_threshold: float = 0.47
    """A connected region above it is one cell (the literature's cells_max)."""
    foreground_threshold: float = 0.09
    """Pixels above it can belong to a cell (the literature's cell_fill)."""
    min_size: int = 0
    """Cells with fewer pixels are dropped, counted before holes are filled."""
    max_size: int = field(default=0, metadata=LATER)
    """Cells with more pixels are dropped, counted likewise; 0 keeps all."""
    exclude_border: bool = field(default=False, metadata=LATER)
    """Cells with a pixel on the border of the plane are dropped. Where a region is
    segmented as an image of its own, its border is meant."""
    fill_holes: bool = field(default=False, metadata=LATER)
    """Background enclosed by one single cell becomes part of it."""
    prominence: float = field(default=PROMINENCE, metadata={**LATER, BEFORE: 1.0})
    """What happens to a summit that is no seed, which a cell could grow over: it is
    taken for a part of that cell if it rises above the saddle between them by at most
    this share of its own height, and else for a cell that was not wanted, and dropped.
    1 lets cells grow over everything, as they did in version 0.1."""
    min_z_extent: int = field(default=0, metadata=LATER)
    """Of a volume, cells that go through fewer slices are dropped."""
    parting: float = field(default=PARTING, metadata=LATER)
    """When two seeds of a volume are one: if the saddle between them, as a share of the
    lower one's summit, lacks at most this share of what the seed threshold lacks to 1.
    At 0.3 and a seed threshold of 0.5 it must be as high as 85 % of that summit. The
    maps of slices are low where cells touch in a slice, but not where one cell's slices
    lie over another's. 1 joins seeds as in a plane."""
    inside: tuple[Polygon, ...] | None = field(default=None, metadata=LATER)
    """Cells are dropped unless their innermost pixel, the summit of the distance map,
    lies in one of these polygons, in whatever slice; they are not cut. None keeps all.
    """

    def __post_init__(self) -> None:
        require_types(self)
        seed, foreground = self.seed_threshold, self.foreground_threshold
        require(
            0 < foreground <= seed < 1,
            "Expected 0 < foreground threshold <= seed threshold < 1, got "
            f"{foreground} and {seed}.",
        )
        for name in ("min_size", "min_z_extent"):
            least, words = getattr(self, name), name.replace("_", " ")
            require(least >= 0, f"Expected a {words} >= 0, got {least}.")
        require(
            self.max_size == 0 or self.max_size >= max(self.min_size, 1),
            "Expected a maximum size of 0, which keeps all cells, or of at least the "
            f"minimum size, {self.min_size}, got {self.max_size}.",
        )
        require(
            0 <= self.prominence <= 1,
            f"Expected a prominence from 0 to 1, got {self.prominence}.",
        )
        require(
            0 < self.parting <= 1,
            f"Expected a parting above 0 and up to 1, got {self.parting}.",
        )
        require(
            self.inside is None or are_polygons(self.inside),
            "Expected a tuple of polygons, each of three or more corners (y, x), or "
            f"None for the whole plane, got {str(self.inside)[:80]}.",
        )

    def seen_from(self, top: int, left: int) -> WatershedConfig:
        """The same for a part of a plane that begins at this row and column."""
        if self.inside is None or (top, left) == (0, 0):
            return self
        moved = tuple(
            tuple((y - top, x - left) for y, x in polygon) for polygon in self.inside
        )
        return replace(self, inside=moved)
