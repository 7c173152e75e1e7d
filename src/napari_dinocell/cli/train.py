"""`dinocell train`: a model from images and labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from napari_dinocell.cli.errors import INTERRUPTED, messages, output, print_note
from napari_dinocell.cli.options import DataArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dinocell_training.config import TrainConfig
    from dinocell_training.events import (
        EpochDone,
        TrainingEvent,
        TrainingFinished,
        TrainingStarted,
    )


def train(
    data: DataArgument,
    output_folder: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of this run."),
    ],
    recipe: Annotated[
        str,
        typer.Option(metavar="NAME|FILE.toml", help="All settings of the training."),
    ] = "generic",
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Instead of the recipe's.", show_default=False),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="auto|cpu|cuda|cuda:N|mps",
            help="Instead of the recipe's.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in DIR.")
    ] = False,
) -> None:
    """Train a model on labelled images.

    After each epoch the state of the run and the best checkpoint so far are in DIR:
    interrupt it at any time and go on by --resume.

    [bold]Examples[/]

      dinocell train labelled -o runs/first

      dinocell train labelled -o runs/first --resume --epochs 60
    """
    from dinocell_training.config import load_recipe
    from dinocell_training.loop import train as run_training

    config = load_recipe(recipe)
    config = config if epochs is None else replace(config, epochs=epochs)
    config = config if device is None else replace(config, device=device)
    try:
        _report(run_training(data, output_folder, config, resume=resume), config)
    except KeyboardInterrupt:
        print_note(f"Interrupted. Go on with --resume; all is in {output_folder}.")
        raise typer.Exit(INTERRUPTED) from None


def _report(run: Iterator[TrainingEvent], config: TrainConfig) -> None:
    """Show the events of a run as they come."""
    from dinocell_training import events

    with _progress() as progress:
        bar = progress.add_task("", total=config.total_steps)
        for event in run:
            match event:
                case events.TrainingStarted():
                    messages.print(_started(event), markup=False, highlight=False)
                case events.StepDone():
                    progress.update(
                        bar,
                        completed=event.step,
                        total=event.total,
                        description=f"loss {event.loss:.4f}",
                    )
                case events.EpochDone():
                    output.print(_epoch(event), markup=False, highlight=False)
                case events.TuningThresholds():
                    progress.update(bar, description="Tuning thresholds")
                case events.TrainingFinished():
                    output.print(_finished(event), markup=False, soft_wrap=True)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeRemainingColumn(),
        console=messages,
        transient=True,
    )


def _started(event: TrainingStarted) -> str:
    again = f", from epoch {event.epoch + 1}" if event.epoch else ""
    return (
        f"{event.train_images} images to train, {event.validation_images} to validate; "
        f"{event.device}, {event.precision}{again}"
    )


def _epoch(event: EpochDone) -> str:
    by_source = ", ".join(f"{name} {score:.3f}" for name, score in event.scores.items())
    best = ", best so far" if event.improved else ""
    return (
        f"epoch {event.epoch}/{event.total}: loss {event.loss:.4f}, "
        f"AP50 {event.score:.3f} ({by_source}), {event.seconds:.0f} s{best}"
    )


def _finished(event: TrainingFinished) -> str:
    return (
        f"Ended: {event.reason}. Best epoch {event.best_epoch}, AP50 "
        f"{event.best_score:.3f}; thresholds {event.watershed.seed_threshold:g} and "
        f"{event.watershed.foreground_threshold:g}. Wrote {event.checkpoint}"
    )
