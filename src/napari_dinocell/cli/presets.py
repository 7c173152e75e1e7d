"""`dinocell presets`: model and settings under a name, to keep and to share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from napari_dinocell.cli.errors import output, print_note

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.preset_store import PresetEntry

app = typer.Typer(
    no_args_is_help=True, help="List, show, save, import and export presets."
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A preset that `list` shows.")
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Replace what is there under that name.")
]


@app.command("list")
def list_all() -> None:
    """List the saved presets."""
    from napari_dinocell.engine.batch.preset_store import list_presets

    table = Table(box=None, pad_edge=False)
    for column in ("Name", "Model", "Diameter", "Seed", "Foreground", "Problem"):
        table.add_column(column, overflow="fold")
    entries = list_presets()
    for entry in entries:
        table.add_row(*map(Text, _row(entry)))
    if not entries:
        print_note(
            "There is no preset yet. Save one in the viewer (the Batch dock), or by "
            "'dinocell presets save NAME DIR/IMAGE_labels.json'."
        )
        return
    output.print(table)


@app.command()
def show(
    preset: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A saved preset or a file.")
    ],
) -> None:
    """Show all that a preset says, as it is in its file."""
    from napari_dinocell.engine.batch.preset import PRESET
    from napari_dinocell.engine.batch.preset_store import find_preset

    text = PRESET.to_text(find_preset(preset)).rstrip()
    output.print(text, markup=False, highlight=False, soft_wrap=True)


@app.command()
def save(
    name: NameArgument,
    sidecar: Annotated[
        Path,
        typer.Argument(metavar="FILE.json", help="The side-car of some labels."),
    ],
    overwrite: ReplaceOption = False,
) -> None:
    """Save what made some labels under a name.

    [bold]Example[/]

      dinocell presets save 'nuclei 20x' results/image_labels.json
    """
    from napari_dinocell.engine.batch.preset import preset_of_labels
    from napari_dinocell.engine.batch.preset_store import save_preset

    preset = replace(preset_of_labels(sidecar), name=name)
    path = save_preset(preset, overwrite=overwrite)
    output.print(f"Saved as {path}", markup=False, soft_wrap=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A shared preset.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of its own name.")
    ] = None,
    overwrite: ReplaceOption = False,
) -> None:
    """Keep a preset that someone shared."""
    from napari_dinocell.engine.batch.find_model import find_model
    from napari_dinocell.engine.batch.preset_store import import_preset
    from napari_dinocell.engine.errors import CheckpointError

    preset = import_preset(file, name=name, overwrite=overwrite)
    output.print(f"Imported {preset.name!r}", markup=False, soft_wrap=True)
    try:
        find_model(preset.model, wanted_by=preset.name)
    except CheckpointError as error:
        print_note(str(error))


@app.command()
def export(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    overwrite: ReplaceOption = False,
) -> None:
    """Write a preset to a file to share."""
    from napari_dinocell.engine.batch.preset_store import export_preset
    from napari_dinocell.engine.errors import ExportError

    if file.exists() and not overwrite:
        raise ExportError(f"{file} exists. Give another name, or --replace.")
    export_preset(name, file)
    output.print(f"Wrote {file}", markup=False, soft_wrap=True)


@app.command()
def rename(
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Another name.")],
) -> None:
    """Give a preset another name."""
    from napari_dinocell.engine.batch.preset_store import rename_preset

    rename_preset(name, new)
    output.print(f"Renamed {name!r} to {new!r}", markup=False, soft_wrap=True)


@app.command()
def delete(name: NameArgument) -> None:
    """Delete a preset, also one that is damaged."""
    from napari_dinocell.engine.batch.preset_store import delete_preset

    delete_preset(name)
    output.print(f"Deleted {name!r}", markup=False, soft_wrap=True)


def _row(entry: PresetEntry) -> tuple[str, ...]:
    preset = entry.preset
    if preset is None:
        return entry.name, "", "", "", "", f"unusable: {entry.error}"
    settings = preset.settings
    diameter = settings.cell_diameter
    return (
        entry.name,
        preset.model.name,
        "as it is" if diameter is None else str(diameter),
        str(settings.watershed.seed_threshold),
        str(settings.watershed.foreground_threshold),
        "",
    )
