"""How labels on their way into an image look in a terminal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from rich.progress import Progress

from napari_dinocell.cli.errors import messages

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_dinocell.engine.blocks.into_image import PartWritten


def show_parts(writing: Generator[PartWritten, None, None]) -> None:
    """Write all parts; shows progress on stderr."""
    with closing(writing) as parts, Progress(console=messages) as progress:
        task = progress.add_task("into the image", total=None)
        for part in parts:
            progress.update(task, completed=part.done, total=part.total)
