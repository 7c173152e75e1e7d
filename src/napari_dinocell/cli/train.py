"""`dinocell train`: a model from images and labels, or from corrected examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dinocell.cli.errors import (
    messages,
    output,
    print_remarks,
)
from napari_dinocell.cli.finetune import finetune
from napari_dinocell.cli.train_progress import resumable, training_progress
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dinocell_training.scratch.config import TrainConfig
    from dinocell_training.scratch.events import (
        EpochDone,
        TrainingEvent,
        TrainingFinished,
        TrainingStarted,
    )


SCRATCH_PANEL = "A new model, from FOLDER"
FINETUNE_PANEL = "A better model, from corrections"

FolderArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FOLDER]",
        help="Images beside their labels: NAME.tif and NAME_label.tif (or _labels, "
        "_masks), or listed in a manifest.csv with columns image and label.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR|NAME",
        help="Folder of the run; with --corrections, name of the new model.",
    ),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.toml",
        help="All settings of the training.",
        show_default="generic",
        rich_help_panel=SCRATCH_PANEL,
    ),
]
CorrectionsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder of corrected examples; improves --base with all of them.",
        show_default=False,
        rich_help_panel=FINETUNE_PANEL,
    ),
]
BaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="Model to start from; a DINOv3 backbone will do.",
        show_default="the bundled one",
        rich_help_panel=FINETUNE_PANEL,
    ),
]
FullOption = Annotated[
    bool,
    typer.Option(
        "--full",
        help="Train the backbone, too: slow, for many examples.",
        rich_help_panel=FINETUNE_PANEL,
    ),
]
LearningRateOption = Annotated[
    float | None,
    typer.Option(
        "--learning-rate", show_default="0.0005", rich_help_panel=FINETUNE_PANEL
    ),
]
ShareOption = Annotated[
    float | None,
    typer.Option(
        "--validation-share",
        help="Share of the examples held out.",
        show_default="0.2",
        rich_help_panel=FINETUNE_PANEL,
    ),
]
ValidationOption = Annotated[
    Path | None,
    typer.Option(
        "--validation",
        metavar="DIR",
        help="Corrections folder to judge by; none are held out then.",
        show_default=False,
        rich_help_panel=FINETUNE_PANEL,
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(min=1, help="At most so many.", show_default="the recipe's, or 10"),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", show_default="auto"),
]


def train(
    output_folder: OutputOption,
    data: FolderArgument = None,
    recipe: RecipeOption = None,
    corrections: CorrectionsOption = None,
    base: BaseOption = None,
    full: FullOption = False,
    learning_rate: LearningRateOption = None,
    validation_share: ShareOption = None,
    validation: ValidationOption = None,
    epochs: EpochsOption = None,
    device: DeviceOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that was stopped.")
    ] = False,
) -> None:
    """Train a model on labelled images, or improve one with corrected examples.

    After each epoch the state of the run and the best epoch so far are on disk:
    interrupt it at any time and go on by --resume.

    [bold]Examples[/]

      dinocell train labelled -o runs/first

      dinocell train labelled -o runs/first --resume --epochs 60

      dinocell train --corrections corrections --base default -o my_cells
    """
    only_finetune = {
        "--base": base,
        "--full": full or None,
        "--learning-rate": learning_rate,
        "--validation-share": validation_share,
        "--validation": validation,
    }
    if corrections is None:
        _refuse(only_finetune, "goes with --corrections only")
        if data is None:
            raise typer.BadParameter("expected FOLDER or --corrections DIR")
        _train_from_scratch(data, output_folder, recipe, epochs, device, resume=resume)
        return
    _refuse({"FOLDER": data, "--recipe": recipe}, "does not go with --corrections")
    from dinocell_training.finetune.config import FinetuneConfig

    given = {
        "learning_rate": learning_rate,
        "validation_share": validation_share,
        "epochs": epochs,
        "device": device,
    }
    given = {key: value for key, value in given.items() if value is not None}
    config = FinetuneConfig(full=full, **given)  # type: ignore[arg-type]
    finetune(
        corrections, base, output_folder, config, validation=validation, resume=resume
    )


def _refuse(options: Mapping[str, object], why: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise typer.BadParameter(f"{', '.join(given)} {why}")


def _train_from_scratch(
    data: Path,
    folder: Path,
    recipe: str | None,
    epochs: int | None,
    device: str | None,
    *,
    resume: bool,
) -> None:
    from dinocell_training.scratch.config import load_recipe
    from dinocell_training.scratch.stages import train_in_stages

    config = load_recipe(recipe or "generic")
    config = config if epochs is None else replace(config, epochs=epochs)
    config = config if device is None else replace(config, device=device)
    with resumable(folder):
        _report(train_in_stages(data, folder, config, resume=resume), config)


def _report(run: Iterator[TrainingEvent], config: TrainConfig) -> None:
    """Show the events of a run as they come."""
    from dinocell_training.scratch import events

    with training_progress() as progress:
        bar = progress.add_task("", total=config.total_steps)
        for event in run:
            match event:
                case events.PairsRemarked():
                    print_remarks(event.remarks)
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


def _started(event: TrainingStarted) -> str:
    again = f", from epoch {event.epoch + 1}" if event.epoch else ""
    return (
        f"{counted(event.train_images, 'image')} to train, "
        f"{event.validation_images} to validate; {event.device}, "
        f"{event.precision}{again}"
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
