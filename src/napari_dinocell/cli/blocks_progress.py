"""How a run in blocks looks in a terminal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from rich.progress import Progress

from napari_dinocell.cli.errors import messages

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_dinocell.engine.blocks.into_image import PartWritten
    from napari_dinocell.engine.blocks.run import JobDone, RunFinished


def show_parts(writing: Generator[PartWritten, None, None]) -> None:
    """Write all parts; shows progress on stderr."""
    with closing(writing) as parts, Progress(console=messages) as progress:
        task = progress.add_task("into the image", total=None)
        for part in parts:
            progress.update(task, completed=part.done, total=part.total)


def show_progress(events: Iterator[JobDone | RunFinished]) -> RunFinished | None:
    """Show progress on stderr; give back how it ended."""
    from napari_dinocell.engine.blocks.run import RunFinished

    with Progress(console=messages) as progress:
        tasks: dict[str, Any] = {}
        for event in events:
            if isinstance(event, RunFinished):
                return event
            if event.stage not in tasks:
                tasks[event.stage] = progress.add_task(event.stage, total=event.total)
            progress.update(tasks[event.stage], completed=event.done)
    return None
