"""How a running segmentation looks in a terminal: tiles, notes, a table at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from napari_dinocell.cli.errors import messages, output, print_error, print_note
from napari_dinocell.engine.batch.segment_files import FileDone, FileOpened, PageStarted
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    ModelLoaded,
    ScaleChosen,
    TileDone,
    TilesPlanned,
)

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from napari_dinocell.engine.batch.segment_files import FileEvent
    from napari_dinocell.engine.results.provenance import Provenance


class SegmentReport:
    """Shows events as they come; use it as a context around the whole call.

    Parameters
    ----------
    files
        How many files there are to do.
    """

    def __init__(self, files: int) -> None:
        self.failed = 0
        """Files that could not be segmented so far."""
        self._rows: list[tuple[str, str, str, str]] = []
        self._path: Path | None = None
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeElapsedColumn(),
            console=messages,
            transient=True,
        )
        self._all = self._progress.add_task("Files", total=files, unit="files")
        self._tiles = self._progress.add_task("", total=None, unit="tiles")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()
        if self._rows:
            output.print(self._table())

    def start(self, path: Path) -> None:
        """The events of this file follow."""
        self._path = path
        self._describe(path.name)

    def show(self, event: FileEvent) -> None:
        """Show one event of the current file."""
        assert self._path is not None
        name = self._path.name
        match event:
            case FileOpened(image=image) if image.other_images:
                print_note(
                    f"{name} holds {image.other_images} more image(s) of another "
                    "shape: only the first one is segmented."
                )
            case PageStarted(page=page, pages=pages) if pages > 1:
                self._describe(f"{name}, page {page + 1} of {pages}")
            case ModelLoaded():
                messages.print(
                    f"Model {event.name} on {event.device}, {event.precision}",
                    markup=False,
                )
            case TilesPlanned(total=total):
                self._progress.update(self._tiles, total=total, completed=0)
            case TileDone(done=done):
                self._progress.update(self._tiles, completed=done)
            case Degraded():
                print_note(f"{name}: {event.reason}: {event.action}")
            case ScaleChosen(cell_diameter=None):
                print_note(f"{name}: no cell to measure, the image is taken as it is.")
            case DistanceMapReady(constant=True):
                print_note(f"{name} holds one single value: there are no cells.")
            case FileDone(provenance=provenance):
                self._finish(_row(self._path, provenance))

    def skip(self, path: Path) -> None:
        """Its labels are there already."""
        self._finish((path.name, "", "", "skipped: done before"))

    def fail(self, path: Path, reason: str) -> None:
        """The file could not be segmented; the others go on."""
        self.failed += 1
        print_error(f"{path}: {reason}" if path.name not in reason else reason)
        self._finish((path.name, "", "", "failed"))

    def _finish(self, row: tuple[str, str, str, str]) -> None:
        self._rows.append(row)
        self._progress.advance(self._all)

    def _describe(self, text: str) -> None:
        self._progress.update(self._tiles, description=text, total=None, completed=0)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        table.add_column("File", overflow="fold")
        table.add_column("Cells", justify="right")
        table.add_column("Seconds", justify="right")
        table.add_column("")
        for row in self._rows:
            table.add_row(*map(Text, row))
        return table


def _row(path: Path, provenance: Provenance) -> tuple[str, str, str, str]:
    pages = provenance.pages
    remarks = [f"{len(pages)} pages"] if len(pages) > 1 else []
    if any(page.constant for page in pages):
        remarks.append("holds one single value")
    if provenance.degraded:
        remarks.append("short of memory")
    return (
        path.name,
        str(sum(page.cells for page in pages)),
        f"{sum(page.seconds for page in pages):.1f}",
        ", ".join(remarks),
    )
