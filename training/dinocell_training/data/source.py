"""One kind of training image, as a recipe names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One kind of training image: which files, how often, what to leave out."""

    name: str
    """Shown in tables."""
    pattern: str = "*"
    """Image paths that belong to it, relative to the data folder (`*` matches `/`)."""
    weight: float = 1.0
    """Share of the crops drawn from it, relative to the other sources."""
    ignore_border: int = 0
    """Width in pixels of an image border whose annotation is not trusted."""
    train: bool = True
    """False: only ever used for evaluation."""
