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
from napari_dinocell.engine.batch.events import (
    FileEnded,
    FileOpened,
    FileStarted,
    PageStarted,
    PartDone,
    SummaryNotWritten,
)
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    ModelLoaded,
    ScaleChosen,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.engine.no_cells import NoCells
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from types import TracebackType

    from napari_dinocell.engine.batch.events import BatchEvent, FileEvent
    from napari_dinocell.engine.batch.summary import SummaryRow
    from napari_dinocell.engine.images.image_file import ImageFile


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
        self._name = ""
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

    def show(self, event: BatchEvent) -> None:
        """Show one event."""
        match event:
            case FileStarted(target=target):
                self._name = target.name
                self._describe(target.name)
            case FileEnded():
                self._finish(event)
            case SummaryNotWritten(error=error, table=table):
                print_note(f"The {table} is not up to date. {error}")
            case PartDone(step=step, done=done, total=total):
                name = f"{self._name}, {step}"
                self._progress.update(
                    self._tiles, description=name, total=total, completed=done
                )
            case _:
                self._show_step(self._name, event)

    def _show_step(self, name: str, event: FileEvent) -> None:
        """Show one event of the current file."""
        match event:
            case FileOpened(image=image) if image.other_images:
                others = counted(image.other_images, "image")
                print_note(
                    f"{image.path.name} holds {others} more than {_scene(image)}. "
                    "--scene chooses one."
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
            case DistanceMapReady(no_cells=NoCells() as reason):
                print_note(f"{name}: {reason.sentence}")

    def _finish(self, event: FileEnded) -> None:
        row = event.row
        if row.status == "failed":
            self.failed += 1
            named = row.file in row.remark
            image = event.target.image
            print_error(row.remark if named else f"{image}: {row.remark}")
        self._rows.append(_cells(row))
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


def _scene(image: ImageFile) -> str:
    name = image.scenes[image.scene]
    return f"scene {image.scene}" + (f", {name!r}" if name else "")


def _cells(row: SummaryRow) -> tuple[str, str, str, str]:
    if row.status == "failed":
        return row.file, "", "", "failed"
    remarks = ["skipped: done before"] if row.status == "skipped" else []
    remarks += [f"{row.pages} pages"] if row.pages != 1 else []
    remarks += [row.remark] if row.remark else []
    return row.file, str(row.cells), f"{row.seconds:.1f}", ", ".join(remarks)
