"""`dinocell pretrain`: a backbone from images without labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dinocell.cli.errors import messages, output, print_note
from napari_dinocell.cli.train_progress import resumable, training_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dinocell_training.pretrain.config import PretrainConfig
    from dinocell_training.pretrain.events import (
        PretrainEpoch,
        PretrainEvent,
        PretrainStarted,
    )


DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER|FILE.csv",
        help="Images (subfolders, too), one OME-Zarr, or a list with the columns "
        "field, channel and file.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="NAME",
        help="Folder of the run; the backbone is NAME/NAME.safetensors.",
    ),
]
RecipeOption = Annotated[
    str, typer.Option(metavar="NAME|FILE.toml", help="All settings.")
]
BaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="Model or DINOv3 backbone to go on from.",
        show_default="the recipe's, or random weights",
    ),
]
ProbeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Images with labels to look at after each epoch, as for train.",
        show_default=False,
    ),
]
EpochsOption = Annotated[
    int | None, typer.Option(min=1, help="So many.", show_default="the recipe's")
]
DeviceOption = Annotated[
    str | None,
    typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", show_default="auto"),
]


def pretrain(
    data: DataArgument,
    folder: OutputOption,
    recipe: RecipeOption = "ssl",
    base: BaseOption = None,
    probe: ProbeOption = None,
    epochs: EpochsOption = None,
    device: DeviceOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that was stopped.")
    ] = False,
) -> None:
    """Pretrain a backbone on images without labels, for train to start from.

    After each epoch the state of the run and the backbone are on disk: interrupt it
    at any time and go on by --resume.

    [bold]Examples[/]

      dinocell pretrain images -o runs/backbone

      dinocell pretrain plates.csv -o runs/backbone --base default --probe labelled
    """
    from dinocell_training.pretrain.config import load_pretrain_recipe
    from dinocell_training.pretrain.loop import pretrain as steps

    given = {"initial": base, "epochs": epochs, "device": device}
    given = {key: value for key, value in given.items() if value is not None}
    config = replace(load_pretrain_recipe(recipe), **given)  # type: ignore[arg-type]
    with resumable(folder):
        _report(steps(data, folder, config, probe=probe, resume=resume), config)


def _report(run: Iterator[PretrainEvent], config: PretrainConfig) -> None:
    """Show the events of a run as they come."""
    from dinocell_training.pretrain import events

    with training_progress() as progress:
        bar = progress.add_task("", total=config.total_steps)
        for event in run:
            match event:
                case events.PretrainStarted():
                    messages.print(_started(event), markup=False, highlight=False)
                case events.FieldSkipped():
                    print_note(f"{event.name}: left out: {event.reason}")
                case events.PretrainStep():
                    progress.update(
                        bar,
                        completed=event.step,
                        total=event.total,
                        description=f"loss {event.loss:.4f}",
                    )
                case events.PretrainEpoch():
                    output.print(_epoch(event), markup=False, highlight=False)
                    if event.spread.collapse:
                        print_note(event.spread.collapse)
                case events.PretrainFinished():
                    output.print(
                        f"Wrote {event.checkpoint}; train it before segmenting.",
                        markup=False,
                        soft_wrap=True,
                    )


def _started(event: PretrainStarted) -> str:
    again = f", from epoch {event.epoch + 1}" if event.epoch else ""
    return f"{event.fields} fields; {event.device}, {event.precision}{again}"


def _epoch(event: PretrainEpoch) -> str:
    parts = ", ".join(f"{name} {loss:.3f}" for name, loss in event.losses.items())
    probe = "" if event.probe is None else f", probe {event.probe:.3f}"
    spread = event.spread
    return (
        f"epoch {event.epoch}/{event.total}: loss {event.loss:.4f} ({parts}); "
        f"features: spread {spread.spread:.2f}, {spread.dimensions:.1f} dimensions, "
        f"{spread.answers:.0f} answers{probe}; {event.fields_per_second:.1f} fields/s, "
        f"{event.seconds:.0f} s"
    )
