"""The training run: a generator of events that survives being killed.

After each epoch the state of the run and the best checkpoint so far are on disk,
each written under a temporary name and renamed. Closing the generator stops the
run; what is on disk stays.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.data.pairs import list_pairs, readable_pairs
from dinocell_training.data.split import split_pairs
from dinocell_training.scratch.batches import draw_batches
from dinocell_training.scratch.events import (
    EpochDone,
    PairsRemarked,
    StepDone,
    TrainingEvent,
    TrainingFinished,
    TrainingStarted,
    TuningThresholds,
)
from dinocell_training.scratch.finish import finish_checkpoint
from dinocell_training.scratch.run import (
    BEST_FILE,
    TrainingRun,
    restore_run,
    save_best,
    save_run,
    start_run,
    state_to_resume,
)
from dinocell_training.scratch.scoring import score_samples, weighted_score
from dinocell_training.trainer.autocast import autocast
from dinocell_training.trainer.loss import distance_loss
from dinocell_training.trainer.trainer import require_number, tried_convolutions
from napari_dinocell.engine.config import WatershedConfig

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from torch import Tensor

    from dinocell_training.scratch.config import TrainConfig

    Batch = tuple[Tensor, Tensor, Tensor]

SEED_STRIDE = 1_000_003
"""Epochs of different seeds share no stream below so many epochs."""


def train(
    data: Path, output: Path, config: TrainConfig, *, resume: bool = False
) -> Iterator[TrainingEvent]:
    """Train a model from scratch on image/label pairs.

    Parameters
    ----------
    data
        Folder of pairs (see `pairs`).
    output
        Folder of the run: receives `state.pt` and `best.safetensors` after each
        epoch, and the final checkpoint at the end.
    config
        Settings; when resuming, `epochs` may be larger than before.
    resume
        Go on with the run in `output`; a new run starts where there is none.

    Yields
    ------
    PairsRemarked where files are left out, TrainingStarted, then per epoch StepDone...
    and EpochDone, then TuningThresholds and TrainingFinished, whose checkpoint is
    `NAME.safetensors` in `output`.

    Raises
    ------
    TrainingDataError
        If there is nothing to train or validate on, or files do not match.
    TrainingFailedError
        If the loss becomes NaN, the state is damaged, or `output` holds another run.
    """
    output.mkdir(parents=True, exist_ok=True)
    state = state_to_resume(output, config, resume=resume)
    found = readable_pairs(list_pairs(data, config.sources))
    if found.remarks:
        yield PairsRemarked(found.remarks)
    split = split_pairs(
        found.pairs,
        validation_share=config.validation_share,
        seed=config.seed,
    )
    run = start_run(output, config, split)
    if state is not None:
        restore_run(run, state)
    yield TrainingStarted(
        train_images=len(run.train),
        validation_images=len(run.validation),
        epoch=run.epoch,
        total_epochs=config.epochs,
        device=str(run.device),
        precision=run.precision,
    )
    reason = yield from _epochs(run)
    yield TuningThresholds(len(split.validation))
    final = output / f"{config.name}.safetensors"
    watershed = finish_checkpoint(
        output / BEST_FILE, final, split.validation, device=config.device
    )
    yield TrainingFinished(final, run.best_epoch, run.best_score, watershed, reason)


def _epochs(run: TrainingRun) -> Generator[TrainingEvent, None, str]:
    """All epochs that are left; returns why it ended."""
    config = run.config
    first_step = run.epoch * config.steps_per_epoch
    batches = draw_batches(run.train, config, run.device, first_step=first_step)
    while run.epoch < config.epochs:
        if run.epoch - run.best_epoch >= config.patience:
            return f"no better score for {config.patience} epochs"
        yield from _epoch(run, batches)
    return "all epochs done"


def _epoch(run: TrainingRun, batches: Iterator[Batch]) -> Iterator[TrainingEvent]:
    config, started = run.config, time.perf_counter()
    # Own seed per epoch: a resumed run drops what the uninterrupted one would.
    torch.manual_seed(config.seed * SEED_STRIDE + run.epoch)
    run.model.train()
    losses = []
    for done in _steps(run, batches):
        losses.append(done.loss)
        yield done
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
        save_best(run, scores)
    save_run(run)
    yield EpochDone(
        epoch=run.epoch,
        total=config.epochs,
        loss=float(np.mean(losses)),
        score=score,
        scores=scores,
        improved=improved,
        seconds=time.perf_counter() - started,
    )


def _steps(run: TrainingRun, batches: Iterator[Batch]) -> Iterator[StepDone]:
    """The steps of an epoch; each loss is read a step late, no GPU is waited for."""
    first = run.epoch * run.config.steps_per_epoch
    unread: tuple[int, Tensor, float] | None = None
    for step in range(first, first + run.config.steps_per_epoch):
        loss, rate = _step(run, step, next(batches))
        if unread is not None:
            yield _step_done(run, *unread)
        unread = (step, loss, rate)
    if unread is not None:
        yield _step_done(run, *unread)


def _step(run: TrainingRun, step: int, batch: Batch) -> tuple[Tensor, float]:
    """One step of the trainer; the loss, still on the device, and the rate."""
    image, target, verified = batch
    with tried_convolutions():
        with autocast(run.device, run.precision):
            logits = run.logits(image)
        loss = distance_loss(logits, target, verified, kind=run.config.loss)
        factor = run.trainer.step(step, loss)
    run.average.update(run.model)
    return loss.detach(), run.config.learning_rate * factor


def _step_done(run: TrainingRun, step: int, loss: Tensor, rate: float) -> StepDone:
    """Read the loss of a step and check it."""
    value = float(loss)
    require_number(
        value,
        epoch=run.epoch + 1,
        kept=f"The best checkpoint so far is kept in {run.folder}.",
        learning_rate=run.config.learning_rate,
    )
    return StepDone(step + 1, run.config.total_steps, value, rate)
