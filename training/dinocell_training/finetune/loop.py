"""Teach a model with corrected examples: a generator of events.

After each epoch the state of the run is on disk, so that a crash loses one epoch at
most. However the run ends, the best epoch so far becomes the checkpoint.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.finetune.blend import choose_blend
from dinocell_training.finetune.config import FinetuneConfig
from dinocell_training.finetune.epoch import train_epoch
from dinocell_training.finetune.events import (
    FinetuneEnded,
    FinetuneEpoch,
    FinetuneEvent,
    FinetunePlanned,
)
from dinocell_training.finetune.plan import Plan, make_plan
from dinocell_training.finetune.prepare import Prepared, prepare
from dinocell_training.finetune.result import compare, judge, publish
from dinocell_training.finetune.run import (
    FinetuneRun,
    discard_run,
    restore_run,
    save_run,
    start_run,
    state_to_resume,
    unfinished_run,
)
from dinocell_training.finetune.score import mean_scores
from dinocell_training.finetune.stopping import StoppedEarly, stops_between_layers
from dinocell_training.finetune.thresholds import tune_on_examples
from napari_dinocell.engine.errors import TrainingFailedError
from napari_dinocell.engine.inference.device import free_memory, limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dinocell_training.corrections.folder import Corrections
    from dinocell_training.finetune.feature_cache import Tiles
    from dinocell_training.finetune.run import FinetuneState
    from dinocell_training.finetune.score import ExampleScore

__all__ = ["FinetuneConfig", "discard_run", "finetune", "unfinished_run"]

STOPPED = "stopped by the user"


def finetune(
    base: Path,
    corrections: Corrections,
    output: Path,
    config: FinetuneConfig | None = None,
    *,
    validation: Corrections | None = None,
    resume: bool = False,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[FinetuneEvent]:
    """Make a better model of a base, always with all examples.

    Parameters
    ----------
    base
        A checkpoint; one that holds a backbone only becomes a usable model.
    corrections
        The examples.
    output
        The checkpoint to be, such as `model_store.own_model_path(name)`. Must not
        exist, unless a stopped run made it that is resumed now.
    validation
        Examples to judge by; None holds some out.
    resume
        Go on with the stopped run for this output.
    cancel
        Asked at each step, and at each file and layer of the network before the first
        one; once it says True the best so far is kept and the run ends with
        `FinetuneEnded`. Closing the generator keeps it as well.

    Yields
    ------
    `FinetunePlanned` with an estimate, before anything slow; see `finetune_events`. A
    run that is stopped before that yields `FinetuneEnded` alone.

    Raises
    ------
    TrainingDataError, TrainingFailedError
        If there is nothing to learn from; if the loss is no number (the best epoch so
        far is kept), or the run to resume does not fit.
    CheckpointError, DeviceError, ExportError
        If base, device or output cannot be used.
    """
    limit_threads()
    _check_output(output, resume=resume)
    cancelled = cancel or (lambda: False)
    # A resumed run has a best epoch, which is only known once all is prepared.
    early = (lambda: False) if resume else cancelled
    config, run = config or FinetuneConfig(), None
    try:
        run = start_run(base, corrections, validation, config, output, early)
        yield from _run(run, cancelled, early, resume=resume)
    except StoppedEarly:
        yield FinetuneEnded(STOPPED, None, None, None, 0, held_out=False)
    except BaseException:
        if run is not None and run.best_epoch:
            publish(run)
        raise


def _run(
    run: FinetuneRun,
    cancelled: Callable[[], bool],
    early: Callable[[], bool],
    *,
    resume: bool,
) -> Iterator[FinetuneEvent]:
    try:
        state = state_to_resume(run) if resume else None
        run.epoch = state.epoch if state is not None else 0
        with stops_between_layers(run.model, early):
            plan = make_plan(run)
        yield _planned(run, plan)
        with stops_between_layers(run.model, early):
            prepared = yield from prepare(run, plan, cancelled)
        yield from _work(run, prepared, state, cancelled)
    finally:
        run.model.to("cpu")
        free_memory(run.device)


def _check_output(output: Path, *, resume: bool) -> None:
    if resume:
        return
    if unfinished_run(output):
        raise TrainingFailedError(
            f"A run for {output.stem} was stopped before its end. Resume it, or choose "
            "another name."
        )
    if output.exists():
        raise TrainingFailedError(
            f"There is a model {output.stem} already. Choose another name."
        )


def _planned(run: FinetuneRun, plan: Plan) -> FinetunePlanned:
    return FinetunePlanned(
        train_examples=len(run.train),
        judged_examples=len(run.judges),
        held_out=run.held_out,
        epoch=run.epoch,
        total_epochs=run.epochs,
        tiles=plan.tiles,
        estimated_seconds=plan.seconds,
        device=str(run.device),
        precision=run.precision,
        costs=plan.costs,
        notes=run.notes,
    )


def _work(
    run: FinetuneRun,
    prepared: Prepared,
    state: FinetuneState | None,
    cancelled: Callable[[], bool],
) -> Iterator[FinetuneEvent]:
    """Epoch by epoch to the end."""
    tiles, rehearsal = prepared.tiles, prepared.rehearsal
    if state is not None:
        restore_run(run, state)
    reason = STOPPED
    while not cancelled():
        if run.epoch >= run.epochs:
            reason = "all epochs done"
            break
        if run.best_epoch and run.epoch - run.best_epoch >= run.config.patience:
            reason = f"no better for {run.config.patience} epochs"
            break
        yield from _epoch(run, tiles, rehearsal, cancelled)
    yield _end(run, prepared.earlier, rehearsal, reason, cancelled)


def _epoch(
    run: FinetuneRun,
    tiles: Tiles,
    rehearsal: Tiles | None,
    cancelled: Callable[[], bool],
) -> Iterator[FinetuneEvent]:
    started, losses = time.perf_counter(), []
    for step in train_epoch(run, tiles, rehearsal, cancelled):
        losses.append(step.loss)
        yield step
    if len(losses) < run.config.steps_per_epoch:
        return
    judged = judge(run, cancelled)
    if not judged:
        return
    scores = mean_scores(judged)
    run.epoch += 1
    improved = run.best_scores is None or scores.loss < run.best_scores.loss
    if improved:
        run.best, run.best_epoch = run.trained_weights(), run.epoch
        run.best_scores, run.best_judged = scores, judged
    save_run(run)
    assert run.best_scores is not None
    yield FinetuneEpoch(
        epoch=run.epoch,
        total=run.epochs,
        loss=float(np.mean(losses)),
        scores=scores,
        best=run.best_scores,
        best_epoch=run.best_epoch,
        improved=improved,
        seconds=time.perf_counter() - started,
    )


def _end(
    run: FinetuneRun,
    earlier: list[ExampleScore],
    rehearsal: Tiles | None,
    reason: str,
    cancelled: Callable[[], bool],
) -> FinetuneEnded:
    """Publish what forgets least of the best epoch, with thresholds of its own."""
    if not run.best_epoch:
        return FinetuneEnded(reason, None, run.before, None, 0, run.held_out)
    publish(run)  # first of all: what follows takes time
    blend = choose_blend(run, rehearsal, cancelled)
    if blend.share < 1:
        publish(run)
    judged = _tune(run)
    if reason != STOPPED:
        discard_run(run.output)
    return FinetuneEnded(
        reason=reason,
        checkpoint=run.output,
        before=run.before,
        after=run.best_scores,
        best_epoch=run.best_epoch,
        held_out=run.held_out,
        comparisons=compare(run, earlier, judged),
        watershed=run.watershed,
        kept=blend.kept,
    )


def _tune(run: FinetuneRun) -> list[ExampleScore]:
    """Give the published model the thresholds that suit it; how it then judges.

    Other thresholds than the base's are only kept where the judging examples, which
    they were not tuned on, do not suffer.
    """
    judged = run.best_judged or judge(run)
    run.watershed = tune_on_examples(run)
    if run.watershed == run.base_info.run_watershed:
        return judged
    again = judge(run)
    scores = mean_scores(again)
    if scores.ap50 < mean_scores(judged).ap50:
        run.watershed = run.base_info.run_watershed
        return judged
    run.best_scores = scores
    publish(run)
    return again
