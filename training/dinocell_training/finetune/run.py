"""A fine-tuning run in memory and on disk: started, resumed, saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from dinocell_training.finetune.config import FinetuneConfig
from dinocell_training.finetune.data import prepare_examples, split_examples
from dinocell_training.finetune.score import Scores
from dinocell_training.finetune.stopping import check
from dinocell_training.finetune.unfinished import (
    discard_run,
    run_folder,
    unfinished_run,
)
from dinocell_training.trainer.resume import changed_settings
from dinocell_training.trainer.state import load_values, save_values
from dinocell_training.trainer.trainer import Trainer, by_decay
from napari_dinocell.engine.errors import TrainingDataError, TrainingFailedError
from napari_dinocell.engine.inference.device import choose_device, choose_precision
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    file_sha256,
    load_checkpoint,
)
from napari_dinocell.engine.results.atomic_file import plain_write_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from dinocell_training.corrections.folder import Corrections
    from dinocell_training.finetune.data import PreparedExample
    from dinocell_training.finetune.score import ExampleScore
    from napari_dinocell.engine.config import ContrastConfig, WatershedConfig
    from napari_dinocell.engine.inference.device import Precision
    from napari_dinocell.engine.model.dinocell import DinoCell

BACKBONE_RATE = 0.1
"""Learning rate of the backbone, relative to the decoder's."""

__all__ = [
    "FinetuneRun",
    "FinetuneState",
    "discard_run",
    "restore_run",
    "run_folder",
    "save_run",
    "start_run",
    "state_to_resume",
    "unfinished_run",
]


@dataclass(slots=True)
class FinetuneState:
    """What an interrupted run needs to go on; as much as trains, no frozen backbone."""

    config: dict[str, Any]
    base_sha256: str
    examples: list[str]
    """Names of the examples, those that judge last."""
    weights: dict[str, Any]
    optimizer: dict[str, Any]
    epoch: int
    best: dict[str, Any]
    """Weights of the best epoch."""
    best_epoch: int
    best_scores: tuple[float, float, float, float, int]
    """`Scores` of it."""


@dataclass(slots=True, kw_only=True)
class FinetuneRun:
    """All that lives as long as the run does."""

    config: FinetuneConfig
    output: Path
    base_sha256: str
    base_info: CheckpointInfo
    model: DinoCell
    device: torch.device
    precision: Precision
    train: Sequence[PreparedExample]
    judges: Sequence[PreparedExample]
    held_out: bool
    contrast: ContrastConfig
    notes: tuple[str, ...]
    epochs: int
    learning_rate: float
    trainer: Trainer = field(init=False)
    watershed: WatershedConfig = field(init=False)
    """Thresholds: the base's, until the end tunes them."""
    base: dict[str, Tensor] = field(init=False)
    """Weights that training changes, as they were before it."""
    epoch: int = 0
    before: Scores | None = None
    best: dict[str, Tensor] = field(default_factory=dict)
    best_epoch: int = 0
    best_scores: Scores | None = None
    best_judged: list[ExampleScore] = field(default_factory=list)
    """Of the best epoch, where this program trained it."""

    def __post_init__(self) -> None:
        self.model.backbone.requires_grad_(self.config.full)
        self.trainer = _trainer(self)
        self.base = self.trained_weights()
        self.watershed = self.base_info.run_watershed

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.config.steps_per_epoch

    @property
    def example_names(self) -> list[str]:
        """Of all examples, those that judge last."""
        return [e.name for e in self.train] + [e.name for e in self.judges]

    def trained_weights(self) -> dict[str, Tensor]:
        """A copy of all weights and statistics that training changes."""
        return {
            name: value.detach().cpu().clone()
            for name, value in self.model.state_dict().items()
            if self.config.full or not name.startswith("backbone.")
        }

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        """Give the model what `trained_weights` returned."""
        self.model.load_state_dict(self.model.state_dict() | weights)


def start_run(
    base: Path,
    corrections: Corrections,
    validation: Corrections | None,
    config: FinetuneConfig,
    output: Path,
    cancelled: Callable[[], bool] = lambda: False,
) -> FinetuneRun:
    """Read base and examples; nothing is trained or written yet.

    Raises
    ------
    TrainingDataError
        If there is nothing to learn from.
    CheckpointError, DeviceError
        If base or device cannot be used.
    StoppedEarly
        Once it is cancelled, which is asked before each file.
    """
    device = choose_device(config.device)
    model, info = load_checkpoint(base)
    examples, notes = prepare_examples(corrections, info.cell_diameter, cancelled)
    if validation is None:
        train, judges = split_examples(
            examples, share=config.validation_share, seed=config.seed
        )
    else:
        train = examples
        judges, more = prepare_examples(validation, info.cell_diameter, cancelled)
        notes += more
    _require_cells(train)
    check(cancelled)
    held_out = bool(judges)
    resolved = config.resolved(untrained=info.needs_training)
    assert resolved.epochs is not None
    assert resolved.learning_rate is not None
    torch.manual_seed(config.seed)
    return FinetuneRun(
        config=config,
        output=output,
        base_sha256=file_sha256(base),
        base_info=info,
        model=model.to(device),
        device=device,
        precision=choose_precision(device, config.precision),
        train=train,
        judges=judges or train,
        held_out=held_out,
        contrast=_usual_contrast(corrections, info),
        notes=(*notes, *_doubts(corrections, held_out=held_out)),
        epochs=resolved.epochs,
        learning_rate=resolved.learning_rate,
    )


def state_to_resume(run: FinetuneRun) -> FinetuneState:
    """The state of the stopped run that this one shall go on with.

    Raises
    ------
    TrainingFailedError
        If there is none, it is damaged, or base, examples or settings differ.
    """
    state = load_values(run_folder(run.output), FinetuneState)
    if state is None:
        raise TrainingFailedError(
            f"There is no unfinished run for {run.output.stem}. Start one."
        )
    changed = changed_settings(run.config, FinetuneConfig(**state.config))
    if run.base_sha256 != state.base_sha256:
        changed.append("base model")
    if run.example_names != state.examples:
        changed.append("examples")
    if changed:
        raise TrainingFailedError(
            f"The unfinished run for {run.output.stem} had another {', '.join(changed)}"
            ". Start anew under another name, with all examples."
        )
    return state


def restore_run(run: FinetuneRun, state: FinetuneState) -> None:
    """Bring a started run to where the stopped one was."""
    run.load_weights(state.weights)
    run.trainer.optimizer.load_state_dict(state.optimizer)
    run.epoch, run.best, run.best_epoch = state.epoch, state.best, state.best_epoch
    run.best_scores = Scores(*state.best_scores)


def save_run(run: FinetuneRun) -> None:
    """Write all that resuming needs.

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    folder, best = run_folder(run.output), run.best_scores
    assert best is not None
    with plain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_values(
            folder,
            {
                "config": run.config.to_dict(),
                "base_sha256": run.base_sha256,
                "examples": run.example_names,
                "weights": run.trained_weights(),
                "optimizer": run.trainer.optimizer.state_dict(),
                "epoch": run.epoch,
                "best": run.best,
                "best_epoch": run.best_epoch,
                "best_scores": tuple(getattr(best, name) for name in best.__slots__),
            },
        )


def _trainer(run: FinetuneRun) -> Trainer:
    """The backbone, if it learns, is slower than the decoder."""
    groups = []
    for backbone, share in ((False, 1.0), (True, BACKBONE_RATE)):
        chosen = [
            parameter
            for name, parameter in run.model.named_parameters()
            if parameter.requires_grad and name.startswith("backbone.") == backbone
        ]
        groups += by_decay(
            chosen,
            rate=run.learning_rate * share,
            weight_decay=run.config.weight_decay,
        )
    return Trainer(run.model, groups, run.config, total_steps=run.total_steps)


def _require_cells(examples: Sequence[PreparedExample]) -> None:
    if not any(example.cells for example in examples):
        raise TrainingDataError(
            f"Found no whole cell in the {len(examples)} examples to learn from: the "
            "model would learn that there are none. Accept larger regions, with cells "
            "that lie inside and are verified."
        )


def _usual_contrast(corrections: Corrections, info: CheckpointInfo) -> ContrastConfig:
    """The contrast that most examples were looked at with; the next image's."""
    counts = Counter(e.origin.settings.contrast for e in corrections.examples())
    return counts.most_common(1)[0][0] if counts else info.contrast


def _doubts(corrections: Corrections, *, held_out: bool) -> list[str]:
    doubts = [f"{e.name}: {e.doubt}" for e in corrections.examples() if e.doubt]
    if not held_out:
        doubts.append(
            "Fewer than three examples with whole cells: none is held out, so that "
            "scores are those of the training examples themselves, and flatter."
        )
    return doubts
