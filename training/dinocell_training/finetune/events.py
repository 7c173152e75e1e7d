"""What a fine-tuning run reports, in order: frozen, cheap, thread-safe.

`FinetunePlanned` -> `FeaturesDone`* -> (`FinetuneStep`* -> `FinetuneEpoch`)* ->
`FinetuneEnded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from dinocell_training.finetune.score import Scores
    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.config import WatershedConfig


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds that each kind of work should take, as timed before a run."""

    once: float
    """All that is done before the first epoch, but for judging."""
    step: float
    """One optimizer step."""
    judging: float
    """All examples that judge, once."""


@dataclass(frozen=True, slots=True)
class FinetunePlanned:
    """All is read and nothing slow was done yet; going on starts the training."""

    train_examples: int
    judged_examples: int
    """Those whose score decides."""
    held_out: bool
    """False where they are the training examples themselves: too few to hold out."""
    epoch: int
    """Epochs that are done already, above 0 when resumed."""
    total_epochs: int
    tiles: int
    """Tiles whose features are computed once."""
    estimated_seconds: float
    """Of all that follows, if it is not stopped early; measured on this machine."""
    device: str
    precision: str
    costs: Costs | None = None
    """What the estimate is made of."""
    notes: tuple[str, ...] = ()
    """What the user should know: damaged examples, too few examples."""


def rough_duration(seconds: float) -> str:
    """A duration that nobody takes for exact: "50 s", "12 min", "1.6 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


@dataclass(frozen=True, slots=True)
class FeaturesDone:
    """The frozen backbone has seen so many tiles."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FinetuneStep:
    """One optimizer step; counted over the whole run."""

    step: int
    total: int
    loss: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class FinetuneEpoch:
    """An epoch is trained, judged and safely on disk."""

    epoch: int
    total: int
    loss: float
    """Mean over the steps."""
    scores: Scores
    best: Scores
    """Of the best epoch so far."""
    best_epoch: int
    improved: bool
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One judged example, segmented before and after."""

    name: str
    cells: int
    """Whole ones."""
    ap50_before: float | None
    """None for a base that could not segment yet."""
    ap50_after: float
    labels_before: Labels | None
    """(Y, X), in pixels of the example."""
    labels_after: Labels


@dataclass(frozen=True, slots=True, eq=False)
class FinetuneEnded:
    """The end, by itself or because it was stopped.

    `checkpoint` is None where it was stopped before the first epoch was done: there
    is nothing to keep then.
    """

    reason: str
    checkpoint: Path | None
    before: Scores | None
    """None for a base that could not segment yet."""
    after: Scores | None
    best_epoch: int
    held_out: bool
    comparisons: tuple[Comparison, ...] = ()
    watershed: WatershedConfig | None = None
    """Thresholds stored in the checkpoint."""
    kept: float | None = None
    """How much of what the base knew the new model still does, see `Blend.kept`."""

    @property
    def better(self) -> bool:
        """Whether the new model segments the judged examples better than its base."""
        if self.after is None:
            return False
        return self.before is None or self.after.beats(self.before)

    @property
    def verdict(self) -> str:
        """One sentence for the user."""
        if self.after is None or self.checkpoint is None:
            return "Stopped before the first epoch was done: no model was made."
        where = "held-out" if self.held_out else "training (too few to hold some out)"
        name, after = self.checkpoint.stem, f"{self.after.ap50:.2f}"
        if self.before is None:
            return f"{name} can segment now: AP50 {after} on the {where} examples."
        change = f"AP50 {self.before.ap50:.2f} before, {after} after"
        if self.better:
            return (
                f"{name} is better than its base on the {where} examples: {change}."
                f"{_elsewhere(self.kept)}"
            )
        return (
            f"{name} is NOT better than its base on the {where} examples: {change}. It "
            "is kept; go on with the base, or add examples and train again."
        )


def _elsewhere(kept: float | None) -> str:
    if kept is None:
        return ""
    return f" In images of other kinds {kept:.0%} of its cells are those of its base."


FinetuneEvent: TypeAlias = (
    FinetunePlanned | FeaturesDone | FinetuneStep | FinetuneEpoch | FinetuneEnded
)
