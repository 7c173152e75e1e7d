"""`dinocell train --corrections`: a better model from corrected examples."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from napari_dinocell.cli.errors import INTERRUPTED, messages, output, print_note
from napari_dinocell.cli.train_progress import training_progress
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from dinocell_training.finetune.config import FinetuneConfig
    from dinocell_training.finetune.events import (
        FinetuneEnded,
        FinetuneEpoch,
        FinetuneEvent,
        FinetunePlanned,
    )


def finetune(
    corrections: Path,
    base: str | None,
    name: Path,
    config: FinetuneConfig,
    *,
    validation: Path | None,
    resume: bool,
) -> None:
    """Train, report, and keep the best epoch however it ends."""
    from dinocell_training.corrections.folder import Corrections
    from dinocell_training.finetune.loop import finetune as run_finetune
    from napari_dinocell.engine.model.model_store import resolve_model

    target = target_file(name)
    with stop_on_interrupt() as stopped:
        ended = _report(
            run_finetune(
                resolve_model(base),
                Corrections(corrections),
                target,
                config,
                validation=None if validation is None else Corrections(validation),
                resume=resume,
                cancel=stopped,
            )
        )
        _print_result(ended)
        if stopped():
            if ended.checkpoint is not None:
                print_note("Go on where it stopped by --resume.")
            raise typer.Exit(INTERRUPTED)


def target_file(name: Path) -> Path:
    """A plain name goes among the user's models, a .safetensors file where it says."""
    from napari_dinocell.engine.model.model_store import own_model_path

    if name.suffix == ".safetensors":
        return name
    return own_model_path(str(name))


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop; the second ends the program."""
    wished = False

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        nonlocal wished
        if wished:
            raise KeyboardInterrupt
        wished = True
        print_note("Stopping; the best epoch so far is kept.")

    former = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield lambda: wished
    finally:
        signal.signal(signal.SIGINT, former)


def _report(run: Iterator[FinetuneEvent]) -> FinetuneEnded:
    """Show the events of a run as they come; the last one is returned."""
    from dinocell_training.finetune import events

    with training_progress() as progress:
        bar = progress.add_task("", total=None)
        for event in run:
            match event:
                case events.FinetunePlanned():
                    _print_plan(event)
                case events.FeaturesDone():
                    progress.update(
                        bar,
                        completed=event.done,
                        total=event.total,
                        description="features of the frozen backbone",
                    )
                case events.FinetuneStep():
                    progress.update(
                        bar,
                        completed=event.step,
                        total=event.total,
                        description=f"loss {event.loss:.4f}",
                    )
                case events.FinetuneEpoch():
                    output.print(_epoch(event), markup=False, highlight=False)
                case events.FinetuneEnded():
                    return event
    raise AssertionError("the run ended without its last event")


def _print_plan(event: FinetunePlanned) -> None:
    from dinocell_training.finetune.events import rough_duration

    judged = "held out" if event.held_out else "of them judged by"
    again = f", from epoch {event.epoch + 1}" if event.epoch else ""
    messages.print(
        f"{counted(event.train_examples, 'example')} to train, "
        f"{event.judged_examples} {judged}; about "
        f"{rough_duration(event.estimated_seconds)} on {event.device}, "
        f"{event.precision}{again}",
        markup=False,
        highlight=False,
    )
    for note in event.notes:
        print_note(note)


def _epoch(event: FinetuneEpoch) -> str:
    best = ", best so far" if event.improved else ""
    return (
        f"epoch {event.epoch}/{event.total}: loss {event.loss:.4f}, validation loss "
        f"{event.scores.loss:.4f}, AP50 {event.scores.ap50:.3f}, "
        f"{event.seconds:.0f} s{best}"
    )


def _print_result(event: FinetuneEnded) -> None:
    if event.comparisons:
        output.print(_table(event))
    output.print(f"Ended: {event.reason}.", markup=False)
    if event.checkpoint is None or event.better:
        output.print(event.verdict, markup=False, soft_wrap=True)
    else:
        print_note(event.verdict)
    if event.checkpoint is not None:
        output.print(f"Wrote {event.checkpoint}", markup=False, soft_wrap=True)


def _table(event: FinetuneEnded) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("example" if event.held_out else "example (trained on)")
    for column in ("cells", "AP50 before", "AP50 after"):
        table.add_column(column, justify="right")
    for row in event.comparisons:
        before = "" if row.ap50_before is None else f"{row.ap50_before:.3f}"
        table.add_row(Text(row.name), str(row.cells), before, f"{row.ap50_after:.3f}")
    return table
