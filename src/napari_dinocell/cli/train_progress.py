"""The progress bar of both kinds of training."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from napari_dinocell.cli.errors import INTERRUPTED, messages, print_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def training_progress() -> Progress:
    """A bar that counts steps on stderr, and goes when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=messages,
        transient=True,
    )


@contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Say how to go on where Ctrl+C ends a run whose state is in a folder."""
    try:
        yield
    except KeyboardInterrupt:
        print_note(f"Interrupted. Go on with --resume; all is in {folder}.")
        raise typer.Exit(INTERRUPTED) from None
