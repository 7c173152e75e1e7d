"""What a training run reports, in order: frozen, cheap, thread-safe.

`PairsRemarked`? -> `TrainingStarted` -> (`StepDone`* -> `EpochDone`)* ->
`TuningThresholds` -> `TrainingFinished`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from dinocell_training.data.pair_rows import PairRemark
    from napari_dinocell.engine.config import WatershedConfig


@dataclass(frozen=True, slots=True)
class PairsRemarked:
    """Files that are not used, or not as they are, each with the reason."""

    remarks: tuple[PairRemark, ...]


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """Data is read; `epoch` is where the run begins (above 0 when resumed)."""

    train_images: int
    validation_images: int
    epoch: int
    total_epochs: int
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """One optimizer step; counted over the whole run."""

    step: int
    total: int
    loss: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch is trained, validated and safely on disk."""

    epoch: int
    total: int
    loss: float
    score: float
    """Weighted mean of `scores`."""
    scores: dict[str, float] = field(default_factory=dict)
    """AP at IoU 0.5 on validation images, by source."""
    improved: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TuningThresholds:
    """Training is over; the best checkpoint is scored on all validation images."""

    images: int


@dataclass(frozen=True, slots=True)
class TrainingFinished:
    """The best checkpoint of the run and why the run ended."""

    checkpoint: Path
    best_epoch: int
    best_score: float
    watershed: WatershedConfig
    """Thresholds tuned on the validation images, stored in the checkpoint."""
    reason: str


TrainingEvent: TypeAlias = (
    PairsRemarked
    | TrainingStarted
    | StepDone
    | EpochDone
    | TuningThresholds
    | TrainingFinished
)
