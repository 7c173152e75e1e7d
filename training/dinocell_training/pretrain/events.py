"""What a pretraining run reports, in order: frozen, cheap, thread-safe.

`PretrainStarted` -> (`FieldSkipped`* `PretrainStep`* -> `PretrainEpoch`)* ->
`PretrainFinished`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from dinocell_training.pretrain.spread import Spread


@dataclass(frozen=True, slots=True)
class PretrainStarted:
    """Fields are listed; `epoch` is where the run begins (above 0 when resumed)."""

    fields: int
    epoch: int
    total_epochs: int
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class FieldSkipped:
    """A field that cannot be read, told once; another one took its place."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class PretrainStep:
    """One optimizer step; counted over the whole run."""

    step: int
    total: int
    loss: float


@dataclass(frozen=True, slots=True)
class PretrainEpoch:
    """An epoch is trained, looked at and safely on disk."""

    epoch: int
    total: int
    loss: float
    losses: dict[str, float]
    """Unweighted parts of it: views, patches, koleo."""
    spread: Spread
    """Of the teacher's features; `spread.collapse` says when it is lost."""
    probe: float | None
    """Balanced accuracy of the nearest neighbours, cell or background, on labelled
    images; 0.5 is chance. None without any."""
    fields_per_second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class PretrainFinished:
    """The backbone on disk."""

    checkpoint: Path


PretrainEvent: TypeAlias = (
    PretrainStarted | FieldSkipped | PretrainStep | PretrainEpoch | PretrainFinished
)
