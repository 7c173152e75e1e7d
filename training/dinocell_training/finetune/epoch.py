"""The steps of one epoch: examples and rehearsal together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.finetune.events import FinetuneStep
from dinocell_training.trainer.autocast import autocast
from dinocell_training.trainer.loss import distance_loss
from dinocell_training.trainer.trainer import require_number

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
        chosen = rng.integers(0, len(tiles), run.config.batch_size)
        loss = batch_loss(run, tiles, torch.from_numpy(chosen))
        if rehearsal is not None:
            again = rng.integers(0, len(rehearsal), run.config.batch_size)
            kept = batch_loss(run, rehearsal, torch.from_numpy(again))
            loss = loss + run.config.rehearsal_weight * kept
        value = float(loss.detach())
        _require_number(run, value)  # before it spoils the weights
        rate = run.learning_rate * run.trainer.step(step, loss)
        yield FinetuneStep(step + 1, run.total_steps, value, rate)
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


def _require_number(run: FinetuneRun, loss: float) -> None:
    kept = (
        f"The best epoch so far, {run.best_epoch}, is kept as {run.output.stem}."
        if run.best_epoch
        else "No epoch was finished, so that there is no new model."
    )
    require_number(
        loss, epoch=run.epoch + 1, kept=kept, learning_rate=run.learning_rate
    )
