"""The steps of one epoch: examples and rehearsal together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.finetune.events import FinetuneStep
from dinocell_training.finetune.feature_cache import autocast
from dinocell_training.loss import distance_loss
from dinocell_training.schedule import learning_rate_factor
from napari_dinocell.engine.errors import TrainingFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from dinocell_training.finetune.feature_cache import Tiles
    from dinocell_training.finetune.run import FinetuneRun


def train_epoch(
    run: FinetuneRun,
    tiles: Tiles,
    rehearsal: Tiles | None,
    cancelled: Callable[[], bool],
) -> Iterator[FinetuneStep]:
    """Run the steps of the next epoch, fewer if it is cancelled.

    Raises
    ------
    TrainingFailedError
        If the loss is no number.
    """
    # Own seed per epoch: a resumed run draws what the uninterrupted one would.
    rng = np.random.default_rng([run.config.seed, run.epoch])
    # Few images are no basis for statistics: those of a trained base stay frozen.
    run.model.train(run.base_info.needs_training)
    for index in range(run.config.steps_per_epoch):
        if cancelled():
            break
        step = run.epoch * run.config.steps_per_epoch + index
        factor = _set_learning_rate(run, step)
        chosen = rng.integers(0, len(tiles), run.config.batch_size)
        loss = batch_loss(run, tiles, torch.from_numpy(chosen))
        if rehearsal is not None:
            again = rng.integers(0, len(rehearsal), run.config.batch_size)
            kept = batch_loss(run, rehearsal, torch.from_numpy(again))
            loss = loss + run.config.rehearsal_weight * kept
        _step(run, loss)
        rate = run.learning_rate * factor
        yield FinetuneStep(step + 1, run.total_steps, float(loss.detach()), rate)
    run.model.eval()


def batch_loss(run: FinetuneRun, tiles: Tiles, chosen: Tensor) -> Tensor:
    """Loss of some tiles over their known pixels, with gradients."""
    with autocast(run.device, run.precision):
        logits = tiles.logits(run.model, chosen, run.device)
    return distance_loss(
        logits,
        tiles.target[chosen].to(run.device),
        tiles.known[chosen].to(run.device),
        kind=run.config.loss,
    )


def _step(run: FinetuneRun, loss: Tensor) -> None:
    value = float(loss.detach())
    if not np.isfinite(value):
        kept = (
            f"The best epoch so far, {run.best_epoch}, is kept as {run.output.stem}."
            if run.best_epoch
            else "No epoch was finished, so that there is no new model."
        )
        raise TrainingFailedError(
            f"The loss became {value} in epoch {run.epoch + 1}. {kept} Try a lower "
            f"learning rate than {run.learning_rate:g}."
        )
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), run.config.gradient_clip)
    run.optimizer.step()


def _set_learning_rate(run: FinetuneRun, step: int) -> float:
    factor = learning_rate_factor(
        step,
        total=run.total_steps,
        warmup=run.config.warmup_steps,
        decay_share=run.config.decay_share,
    )
    for group in run.optimizer.param_groups:
        group["lr"] = group["full_rate"] * factor
    return factor
