"""A run in memory and on disk: started, restored, saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.samples import Sample, prepare_sample
from dinocell_training.scratch.average import WeightAverage
from dinocell_training.state import RunState, load_state, save_state
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import TrainingDataError, TrainingFailedError
from napari_dinocell.engine.inference.device import choose_device, choose_precision
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.model_store import resolve_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from dinocell_training.pairs import Split
    from dinocell_training.scratch.config import TrainConfig
    from napari_dinocell.engine.inference.device import PrecisionName

BEST_FILE = "best.safetensors"

_MAY_CHANGE = frozenset(
    {
        "epochs",
        "patience",
        "device",
        "precision",
        "compiled",
        "workers",
        "licence",
        "data_sources",
        "initial",
        "initial_recipe",
    }
)
"""Settings that two slices of one run need not share."""


@dataclass(slots=True)
class TrainingRun:
    """All that lives as long as the run does."""

    config: TrainConfig
    folder: Path
    device: torch.device
    precision: PrecisionName
    train: Sequence[Sample]
    validation: Sequence[Sample]
    model: DinoCell
    average: WeightAverage
    optimizer: torch.optim.Optimizer
    logits: Callable[[Tensor], Tensor]
    """Of the model, perhaps compiled."""
    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -1.0


def state_to_resume(
    output: Path, config: TrainConfig, *, resume: bool
) -> RunState | None:
    """The state to go on with; refuses to overwrite a run or to mix two."""
    state = load_state(output)
    if state is None:
        return None
    if not resume:
        raise TrainingFailedError(
            f"{output} already holds a training run. Resume it, or choose another "
            "output folder."
        )
    changed = sorted(
        name
        for name, value in config.to_dict().items()
        if name not in _MAY_CHANGE and _plain(value) != _plain(state.config.get(name))
    )
    if changed:
        raise TrainingFailedError(
            f"The run in {output} was started with other settings for {changed}. "
            "Resume with the same ones, or choose another output folder."
        )
    return state


def _plain(value: object) -> object:
    """Tuples and lists compare alike: a stored state may hold either."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def start_run(output: Path, config: TrainConfig, split: Split) -> TrainingRun:
    """A run at its first step, with all images prepared.

    Raises
    ------
    TrainingDataError
        If there is nothing to train or to validate on.
    """
    if not split.train or not split.validation:
        raise TrainingDataError(
            f"Expected images to train on and to validate on, got {len(split.train)} "
            f"and {len(split.validation)}. Add images, or groups to split by."
        )
    device = choose_device(config.device)
    torch.manual_seed(config.seed)
    torch.backends.cudnn.benchmark = True  # crops come in few sizes
    # channels-last: a quarter less time per step on a CPU
    model = _new_model(config).to(device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    # An even choice over the sources: the list is sorted by name.
    step = max(1, len(split.validation) / config.validation_images)
    chosen = [
        split.validation[int(i)] for i in np.arange(0, len(split.validation), step)
    ]
    return TrainingRun(
        config=config,
        folder=output,
        device=device,
        precision=choose_precision(device, config.precision),
        train=[prepare_sample(pair, config) for pair in split.train],
        validation=[prepare_sample(pair, config) for pair in chosen],
        model=model,
        average=WeightAverage(model, decay=config.average_decay),
        optimizer=_optimizer(model, config),
        logits=torch.compile(model.logits, dynamic=False)
        if config.compiled
        else model.logits,
    )


def _new_model(config: TrainConfig) -> DinoCell:
    """A model with random weights, or with those of `config.initial`."""
    model = DinoCell(
        ModelConfig(
            variant=config.variant,
            decoder_channels=config.decoder_channels,
            image_skips=config.image_skips,
        )
    )
    model.backbone.drop_paths(config.drop_path)
    if config.initial:
        initial, info = load_checkpoint(resolve_model(config.initial))
        if replace(info.model, image_skips=config.image_skips) != model.config:
            raise TrainingFailedError(
                f"Expected an initial model like {model.config}, got {info.model} in "
                f"{config.initial}. Change the recipe or choose another one."
            )
        weights = initial.state_dict()
        if config.image_skips and not info.model.image_skips:
            own = model.decoder.image_skips
            assert own is not None
            for name, value in own.state_dict().items():
                weights[f"decoder.image_skips.{name}"] = value
        model.load_state_dict(weights)
    return model


def _optimizer(model: DinoCell, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW; biases, norms and layer scales are not decayed (they are vectors)."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        fused=True,
    )


def restore_run(run: TrainingRun, state: RunState) -> None:
    """Bring a started run to where the stored one was."""
    run.model.load_state_dict(state.weights)
    run.average.load_state_dict(state.average)
    run.optimizer.load_state_dict(state.optimizer)
    run.epoch = state.epoch
    run.best_epoch, run.best_score = state.best_epoch, state.best_score


def save_best(run: TrainingRun, scores: dict[str, float]) -> None:
    """Write the averaged weights as a checkpoint, with their scores by source."""
    config = run.config
    info = CheckpointInfo(
        name=config.name,
        model=run.model.config,
        contrast=config.contrast,
        watershed=WatershedConfig(),
        cell_diameter=config.cell_diameter,
        licence=config.licence,
        data_sources=config.data_sources,
        metrics={"validation_ap50": scores, "epoch": run.epoch},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        recipe=config.to_dict(),
    )
    save_checkpoint(run.folder / BEST_FILE, run.average.model, info)


def save_run(run: TrainingRun) -> None:
    """Write all that resuming needs."""
    save_state(
        run.folder,
        RunState(
            config=run.config.to_dict(),
            weights=run.model.state_dict(),
            average=run.average.state_dict(),
            optimizer=run.optimizer.state_dict(),
            epoch=run.epoch,
            best_epoch=run.best_epoch,
            best_score=run.best_score,
        ),
    )
