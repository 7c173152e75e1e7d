"""The training run: a generator of events that survives being killed.

After each epoch the state of the run and the best checkpoint so far are on disk,
each written under a temporary name and renamed. Closing the generator stops the
run; what is on disk stays.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.augment import random_crop
from dinocell_training.average import WeightAverage
from dinocell_training.events import (
    EpochDone,
    StepDone,
    TrainingEvent,
    TrainingFinished,
    TrainingStarted,
)
from dinocell_training.loss import distance_loss
from dinocell_training.pairs import Split, find_pairs, split_pairs
from dinocell_training.samples import Sample, prepare_sample
from dinocell_training.schedule import learning_rate_factor
from dinocell_training.scoring import score_samples, weighted_score
from dinocell_training.state import RunState, load_state, save_state
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import TrainingDataError, TrainingFailedError
from napari_dinocell.engine.inference.device import choose_device, choose_precision
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.random import Generator
    from torch import Tensor

    from dinocell_training.config import TrainConfig

BEST_FILE = "best.safetensors"


@dataclass(slots=True)
class _Run:
    """All that lives as long as the run does."""

    config: TrainConfig
    folder: Path
    device: torch.device
    precision: str
    train: Sequence[Sample]
    validation: Sequence[Sample]
    model: DinoCell
    average: WeightAverage
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -1.0


def train(
    data: Path, output: Path, config: TrainConfig, *, resume: bool = False
) -> Iterator[TrainingEvent]:
    """Train a model from scratch on image/label pairs.

    Parameters
    ----------
    data
        Folder of pairs (see `pairs`).
    output
        Folder of the run: receives `best.safetensors` and `state.pt`.
    config
        Settings; when resuming, `epochs` may be larger than before.
    resume
        Go on with the run in `output`; a new run starts where there is none.

    Yields
    ------
    TrainingStarted, then per epoch StepDone... and EpochDone, then TrainingFinished.

    Raises
    ------
    TrainingDataError
        If there is nothing to train or validate on, or files do not match.
    TrainingFailedError
        If the loss becomes NaN, the state is damaged, or `output` holds another run.
    """
    output.mkdir(parents=True, exist_ok=True)
    state = _state_to_resume(output, config, resume=resume)
    split = split_pairs(
        find_pairs(data, config.sources),
        validation_share=config.validation_share,
        seed=config.seed,
    )
    run = _start(output, config, split)
    if state is not None:
        _restore(run, state)
    yield TrainingStarted(
        train_images=len(run.train),
        validation_images=len(run.validation),
        epoch=run.epoch,
        total_epochs=config.epochs,
        device=str(run.device),
        precision=run.precision,
    )
    reason = "all epochs done"
    while run.epoch < config.epochs:
        if run.epoch - run.best_epoch >= config.patience:
            reason = f"no better score for {config.patience} epochs"
            break
        yield from _epoch(run)
    yield TrainingFinished(output / BEST_FILE, run.best_epoch, run.best_score, reason)


def _state_to_resume(
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
    before = replace(config, **_later_choices(config)).to_dict()
    stored = {**state.config, **_later_choices(config)}
    changed = sorted(
        name for name, value in before.items() if _plain(value) != _plain(stored[name])
    )
    if changed:
        raise TrainingFailedError(
            f"The run in {output} was started with other settings for {changed}. "
            "Resume with the same ones, or choose another output folder."
        )
    return state


def _later_choices(config: TrainConfig) -> dict[str, object]:
    """Settings that may change between two slices of one run."""
    names = ("epochs", "patience", "device", "precision", "licence", "data_sources")
    return {name: getattr(config, name) for name in names}


def _plain(value: object) -> object:
    """Tuples and lists compare alike: a stored state may hold either."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _start(output: Path, config: TrainConfig, split: Split) -> _Run:
    if not split.train or not split.validation:
        raise TrainingDataError(
            f"Expected images to train on and to validate on, got {len(split.train)} "
            f"and {len(split.validation)}. Add images, or groups to split by."
        )
    device = choose_device(config.device)
    torch.manual_seed(config.seed)
    model = DinoCell(
        ModelConfig(variant=config.variant, decoder_channels=config.decoder_channels)
    ).to(device)
    # An even choice over the sources: the list is sorted by name.
    step = max(1, len(split.validation) / config.validation_images)
    chosen = [
        split.validation[int(i)] for i in np.arange(0, len(split.validation), step)
    ]
    return _Run(
        config=config,
        folder=output,
        device=device,
        precision=(
            choose_precision(device) if config.precision == "auto" else config.precision
        ),
        train=[prepare_sample(pair, config) for pair in split.train],
        validation=[prepare_sample(pair, config) for pair in chosen],
        model=model,
        average=WeightAverage(model, decay=config.average_decay),
        optimizer=_optimizer(model, config),
    )


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
    )


def _restore(run: _Run, state: RunState) -> None:
    run.model.load_state_dict(state.weights)
    run.average.load_state_dict(state.average)
    run.optimizer.load_state_dict(state.optimizer)
    run.epoch = state.epoch
    run.best_epoch, run.best_score = state.best_epoch, state.best_score


def _epoch(run: _Run) -> Iterator[TrainingEvent]:
    config, started = run.config, time.perf_counter()
    # Own seed per epoch: a resumed run draws what the uninterrupted one would.
    rng = np.random.default_rng([config.seed, run.epoch])
    losses = []
    run.model.train()
    for index in range(config.steps_per_epoch):
        step = run.epoch * config.steps_per_epoch + index
        rate = _set_learning_rate(run, step)
        losses.append(_step(run, rng))
        yield StepDone(step + 1, config.total_steps, losses[-1], rate)
    scores = score_samples(
        run.average.model,
        run.validation,
        watershed=WatershedConfig(),
        device=run.device,
        precision=run.precision,
    )
    score = weighted_score(scores, run.validation)
    run.epoch += 1
    improved = score > run.best_score
    if improved:
        run.best_epoch, run.best_score = run.epoch, score
        _save_best(run, scores)
    _save_run(run)
    yield EpochDone(
        epoch=run.epoch,
        total=config.epochs,
        loss=float(np.mean(losses)),
        score=score,
        scores=scores,
        improved=improved,
        seconds=time.perf_counter() - started,
    )


def _set_learning_rate(run: _Run, step: int) -> float:
    config = run.config
    rate = config.learning_rate * learning_rate_factor(
        step,
        total=config.total_steps,
        warmup=config.warmup_steps,
        decay_share=config.decay_share,
    )
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    return rate


def _step(run: _Run, rng: Generator) -> float:
    image, target, verified = (part.to(run.device) for part in _batch(run, rng))
    with torch.autocast(
        run.device.type, torch.bfloat16, enabled=run.precision == "bfloat16"
    ):
        logits = run.model.logits(image)
    loss = distance_loss(logits, target, verified, kind=run.config.loss)
    value = float(loss.detach())
    if not np.isfinite(value):
        raise TrainingFailedError(
            f"The loss became {value} in epoch {run.epoch + 1}. The best checkpoint "
            f"so far is kept in {run.folder}. Try a lower learning rate than "
            f"{run.config.learning_rate}."
        )
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), run.config.gradient_clip)
    run.optimizer.step()
    run.average.update(run.model)
    return value


def _batch(run: _Run, rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Image, target and verified mask, each (B, 1, S, S)."""
    weights = _draw_weights(run.train)
    size = int(rng.choice(run.config.crop_sizes))
    chosen = rng.choice(len(run.train), size=run.config.batch_size, p=weights)
    crops = [random_crop(run.train[i], size, run.config.augment, rng) for i in chosen]
    return tuple(  # type: ignore[return-value]
        torch.from_numpy(np.stack([getattr(crop, part) for crop in crops]))[:, None]
        for part in ("image", "target", "verified")
    )


def _draw_weights(samples: Sequence[Sample]) -> np.ndarray:
    """Chance of each sample: by source weight, evenly inside a source."""
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.source.name] = counts.get(sample.source.name, 0) + 1
    raw = [s.source.weight / counts[s.source.name] for s in samples]
    return np.asarray(raw) / np.sum(raw)


def _save_best(run: _Run, scores: dict[str, float]) -> None:
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


def _save_run(run: _Run) -> None:
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
