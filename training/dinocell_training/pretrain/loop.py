"""The pretraining run: a generator of events that survives being killed.

After each epoch the state of the run and the backbone are on disk, each written under
a temporary name and renamed. Closing the generator stops the run.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch

from dinocell_training.pretrain.batches import LOOKED_AT, draw_batches, draw_part
from dinocell_training.pretrain.events import (
    FieldSkipped,
    PretrainEpoch,
    PretrainEvent,
    PretrainFinished,
    PretrainStarted,
    PretrainStep,
)
from dinocell_training.pretrain.fields import find_fields
from dinocell_training.pretrain.probe import probe_accuracy, read_probe
from dinocell_training.pretrain.run import (
    PretrainRun,
    load_start,
    restore_run,
    save_run,
    start_run,
    state_to_resume,
)
from dinocell_training.pretrain.spread import Spread, measure_spread
from dinocell_training.trainer.autocast import autocast
from dinocell_training.trainer.trainer import require_number
from napari_dinocell.engine.model.variants import parse_variant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

    from dinocell_training.pretrain.batches import Batch
    from dinocell_training.pretrain.config import PretrainConfig

SEED_STRIDE = 1_000_003
"""Epochs of different seeds share no stream below so many epochs."""

LOOKS = 64
"""Fields, at least, that the spread of the features is measured on."""


def pretrain(
    data: Path,
    output: Path,
    config: PretrainConfig,
    *,
    probe: Path | None = None,
    resume: bool = False,
) -> Iterator[PretrainEvent]:
    """Teach a backbone on images without labels.

    Parameters
    ----------
    data
        Folder, image, OME-Zarr or list, see `find_fields`.
    output
        Folder of the run; the backbone in it has its name.
    probe
        Folder of images with labels, which are looked at after each epoch and never
        learnt from.
    resume
        Whether to go on with the run that is in `output`, if there is one.

    Yields
    ------
    Events, see `events`.

    Raises
    ------
    TrainingDataError
        If there is nothing to learn from.
    TrainingFailedError
        If the loss is no number, or another run is in the way.
    """
    state = state_to_resume(output, config, resume=resume)
    start = load_start(config)
    variant = start[1].model.variant if start else config.variant
    patch_size = parse_variant(variant)[1]
    images = read_probe(probe, config, patch_size) if probe else []
    run = start_run(output, config, find_fields(data), start, images)
    if state is not None:
        restore_run(run, state)
    output.mkdir(parents=True, exist_ok=True)
    yield PretrainStarted(
        fields=len(run.fields),
        epoch=run.epoch,
        total_epochs=config.epochs,
        device=str(run.device),
        precision=run.precision,
    )
    yield from _epochs(run, patch_size)
    yield PretrainFinished(run.checkpoint)


def _epochs(run: PretrainRun, patch_size: int) -> Iterator[PretrainEvent]:
    """All epochs that are left."""
    parts = draw_batches(
        run.fields,
        run.config,
        patch_size,
        run.device,
        first_step=run.epoch * run.config.steps_per_epoch,
    )
    skipped: set[str] = set()
    while run.epoch < run.config.epochs:
        yield from _epoch(run, parts, patch_size, skipped)


def _epoch(
    run: PretrainRun, parts: Iterator[Batch], patch_size: int, skipped: set[str]
) -> Iterator[PretrainEvent]:
    config, started = run.config, time.perf_counter()
    # Own seed per epoch: a resumed run drops what the uninterrupted one would.
    torch.manual_seed(config.seed * SEED_STRIDE + run.epoch)
    run.student.train()
    sums = torch.zeros(4)
    first = run.epoch * config.steps_per_epoch
    for step in range(first, first + config.steps_per_epoch):
        batches = [next(parts) for _ in range(config.accumulate)]
        yield from _not_read(batches, skipped)
        values = train_step(run, step, batches)
        sums += values
        yield PretrainStep(step + 1, config.total_steps, float(values[0]))
    trained = time.perf_counter() - started
    run.epoch += 1
    spread, accuracy = _looks(run, patch_size)
    total, *each = (sums / config.steps_per_epoch).tolist()
    losses = dict(zip(("views", "patches", "koleo"), each, strict=True))
    metrics = {"losses": losses, "spread": asdict(spread), "epoch": run.epoch}
    save_run(run, metrics | ({} if accuracy is None else {"probe": accuracy}))
    yield PretrainEpoch(
        epoch=run.epoch,
        total=config.epochs,
        loss=total,
        losses=losses,
        spread=spread,
        probe=accuracy,
        fields_per_second=config.batch_size * config.steps_per_epoch / trained,
        seconds=time.perf_counter() - started,
    )


def _not_read(batches: list[Batch], skipped: set[str]) -> Iterator[FieldSkipped]:
    """Fields that could not be read, each once in a run."""
    for batch in batches:
        for name, reason in batch.unreadable:
            if name not in skipped:
                skipped.add(name)
                yield FieldSkipped(name, reason)


def train_step(run: PretrainRun, step: int, batches: list[Batch]) -> Tensor:
    """One step of the trainer on its parts; losses: total, views, patches, koleo."""
    config = run.config
    temperature = teacher_temperature(step, config)
    values = torch.zeros(4, device=run.device)

    def losses() -> Iterator[Tensor]:
        for batch in batches:
            with autocast(run.device, run.precision):
                parts = run.objective(
                    run.student, run.teacher.model, batch, temperature
                )
            total = parts.total(config) / len(batches)
            each = (parts.views, parts.patches, parts.koleo)
            values.add_(
                torch.stack([total, *(p / len(batches) for p in each)]).detach()
            )
            yield total

    run.trainer.step_in_parts(step, losses())
    run.teacher.update(run.student)
    read = values.cpu()
    require_number(
        float(read[0]),
        epoch=run.epoch + 1,
        kept=f"The last finished epoch is kept in {run.folder}.",
        learning_rate=config.learning_rate,
    )
    return read


def teacher_temperature(step: int, config: PretrainConfig) -> float:
    """Temperature of the targets, which rises over the warm-up.

    Softer targets make the first steps of a random teacher unstable (Caron et al. 2021,
    appendix D).
    """
    first, last = config.teacher_temperature
    share = min(1.0, step / max(1, config.warmup_steps))
    return first + share * (last - first)


@torch.no_grad()
def _looks(run: PretrainRun, patch_size: int) -> tuple[Spread, float | None]:
    """Spread of the teacher's features, and its probe, always on the same images."""
    config, teacher = run.config, run.teacher.model
    features, logits = [], []
    for number in range(-(-LOOKS // config.part_size)):
        part = draw_part(run.fields, config, patch_size, LOOKED_AT + number)
        cls_tokens = teacher.tokens(part.large[0].to(run.device))[:, 0]
        features.append(cls_tokens)
        logits.append(teacher.view_head(cls_tokens))
    spread = measure_spread(
        torch.cat(features),
        torch.cat(logits),
        temperature=config.student_temperature,
    )
    if not run.probe:
        return spread, None
    return spread, probe_accuracy(teacher, run.probe, run.device)
