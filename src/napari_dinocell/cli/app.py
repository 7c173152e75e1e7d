"""The commands of `dinocell`, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_dinocell import __version__
from napari_dinocell.cli import (
    blocks,
    blocks_segment,
    demo,
    evaluate,
    measure,
    models,
    presets,
    train,
)
from napari_dinocell.cli.errors import output
from napari_dinocell.cli.export import export
from napari_dinocell.cli.pair import pair
from napari_dinocell.cli.pretrain import pretrain
from napari_dinocell.cli.samples import samples
from napari_dinocell.cli.segment import EXAMPLES, HELP, segment
from napari_dinocell.cli.signals import ended_as_interrupted

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        output.print(f"napari-dinocell {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def dinocell(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print it."
        ),
    ] = False,
) -> None:
    """Segment cells with DINOCell: files in, labels out.

    [bold]Examples[/]

      dinocell demo

      dinocell segment images -o results --overlay

      dinocell models list
    """
    context.with_resource(ended_as_interrupted())


app.command(help=HELP, epilog=EXAMPLES)(segment)
app.command()(export)
app.command()(measure.measure)
app.command()(pair)
app.command()(evaluate.evaluate)
app.command()(train.train)
app.command()(pretrain)
app.command()(demo.demo)
app.command()(samples)
app.add_typer(models.app, name="models")
app.add_typer(presets.app, name="presets")
blocks.app.command(help=blocks_segment.HELP)(blocks_segment.segment)
app.add_typer(blocks.app, name="blocks")
