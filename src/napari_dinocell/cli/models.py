"""`dinocell models`: what is there, what it is, getting and converting more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from napari_dinocell.cli.errors import messages, output, print_note
from napari_dinocell.cli.share_models import ModelArgument, export, import_package

if TYPE_CHECKING:
    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo
    from napari_dinocell.engine.model.hub_lookup import HubModel
    from napari_dinocell.engine.model.model_store import ModelEntry

app = typer.Typer(
    no_args_is_help=True, help="List, describe, download and convert models."
)


@app.command("list")
def list_all() -> None:
    """List the models on this machine."""
    from napari_dinocell.engine.model.model_store import list_models

    table = Table(box=None, pad_edge=False)
    for column in ("Name", "Kind", "Backbone", "Diameter", "Licence or problem"):
        table.add_column(column, overflow="fold")
    entries = list_models()
    for entry in entries:
        table.add_row(*map(Text, _row(entry)))
    if not entries:
        print_note(
            "There is no model on this machine. Get one by 'dinocell models download'."
        )
        return
    output.print(table)


@app.command()
def info(model: ModelArgument = "default") -> None:
    """Show all that a model says about itself."""
    from napari_dinocell.engine.model.checkpoint_file import file_sha256
    from napari_dinocell.engine.model.model_store import resolve_model
    from napari_dinocell.engine.model.read_info import read_info

    path = resolve_model(model)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    facts = {"file": str(path), "SHA-256": file_sha256(path)} | _facts(read_info(path))
    for name, value in facts.items():
        table.add_row(Text(name), Text(value))
    output.print(table)


@app.command()
def download(
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="On the Hugging Face hub.")
    ],
    filename: Annotated[
        str | None,
        typer.Option("--file", metavar="NAME", help="Which file, if it holds several."),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(metavar="NAME", help="Branch, tag or commit.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Accept the licence without a question.")
    ] = False,
) -> None:
    """Download a model; its licence is shown first, a broken download goes on.

    [bold]Example[/]

      dinocell models download OWNER/NAME --file model.safetensors
    """
    from napari_dinocell.engine.model.hub import download_model

    def ask(found: HubModel) -> None:
        messages.print(
            f"{found.repo_id}/{found.filename}: {found.size / 1e6:.1f} MB, licence: "
            f"{found.licence}",
            markup=False,
        )
        if not yes:
            typer.confirm("Download it under this licence?", abort=True, err=True)

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=messages,
        transient=True,
        disable=not messages.is_terminal,
    ) as progress:
        bar = progress.add_task(repository, total=None, visible=False)

        def show(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total, visible=True)

        path = download_model(
            repository, filename=filename, revision=revision, progress=show, found=ask
        )
    output.print(f"Downloaded to {path}", markup=False, soft_wrap=True)


@app.command()
def convert(
    source: ModelArgument,
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends in .safetensors.")
    ],
    half: Annotated[
        bool, typer.Option("--half", help="Store 16-bit numbers: half the size.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="New name on the model's card.")
    ] = None,
) -> None:
    """Rewrite a checkpoint, or a backbone of another project, as a native one.

    [bold]Example[/]

      dinocell models convert dinov3_vits16.pth backbone.safetensors --half
    """
    from dataclasses import replace

    import torch

    from napari_dinocell.engine.model.checkpoint import load_checkpoint, save_checkpoint
    from napari_dinocell.engine.model.model_store import resolve_model

    model, card = load_checkpoint(resolve_model(source))
    card = card if name is None else replace(card, name=name)
    save_checkpoint(target, model, card, dtype=torch.float16 if half else torch.float32)
    output.print(f"Wrote {target}", markup=False, soft_wrap=True)
    if card.needs_training:
        print_note("It holds a backbone only: train it before segmenting.")


app.command()(export)
app.command("import")(import_package)


@app.command("set-thresholds")
def set_thresholds(
    model: ModelArgument,
    seed: Annotated[
        float | None, typer.Option(metavar="0..1", help="New seed threshold.")
    ] = None,
    foreground: Annotated[
        float | None, typer.Option(metavar="0..1", help="New foreground threshold.")
    ] = None,
) -> None:
    """Change the thresholds that a model's card proposes; its weights stay.

    Segmenting starts from these wherever none are given. The file's checksum changes.

    [bold]Example[/]

      dinocell models set-thresholds mymodel --seed 0.5 --foreground 0.07
    """
    from dataclasses import replace

    from napari_dinocell.engine.model.checkpoint import read_info, replace_card
    from napari_dinocell.engine.model.model_store import resolve_model

    path = resolve_model(model)
    card = read_info(path)
    own = card.watershed
    watershed = replace(
        own,
        seed_threshold=own.seed_threshold if seed is None else seed,
        foreground_threshold=own.foreground_threshold
        if foreground is None
        else foreground,
    )
    if watershed != own:
        replace_card(path, replace(card, watershed=watershed))
    output.print(
        f"{path}: seed threshold {watershed.seed_threshold:g}, foreground threshold "
        f"{watershed.foreground_threshold:g}",
        markup=False,
        soft_wrap=True,
    )


def _row(entry: ModelEntry) -> tuple[str, str, str, str, str]:
    if entry.info is None:
        return entry.name, entry.kind, "", "", f"unusable: {entry.error}"
    remark = "needs training; " if entry.info.needs_training else ""
    return (
        entry.name,
        entry.kind,
        entry.info.model.variant,
        f"{entry.info.cell_diameter:g} px",
        f"{remark}{entry.info.licence}",
    )


def _facts(card: CheckpointInfo) -> dict[str, str]:
    """The card as text; tables inside it as JSON."""
    from dataclasses import asdict

    values: dict[str, Any] = asdict(card)
    return {
        name.replace("_", " "): value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
    }
