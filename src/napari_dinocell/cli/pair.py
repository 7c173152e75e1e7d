"""`dinocell pair`: nuclei and cells of one image under the same ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dinocell.cli.errors import FAILED, debugging, print_error, print_note
from napari_dinocell.cli.measure import ImageOption, PixelSizeOption
from napari_dinocell.cli.options import OutputOption

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.pair_files import PairTask

CellsArgument = Annotated[
    Path,
    typer.Argument(metavar="CELLS", help="Labels of whole cells, or a folder of them."),
]
NucleiArgument = Annotated[
    Path,
    typer.Argument(
        metavar="NUCLEI", help="Labels of nuclei in the same image, or a folder."
    ),
]


def pair(
    cells: CellsArgument,
    nuclei: NucleiArgument,
    output: OutputOption,
    image: ImageOption = None,
    pixel_size: PixelSizeOption = None,
) -> None:
    """Give nuclei the ids of their cells, and measure cell, nucleus and cytoplasm.

    A nucleus belongs to the cell that has most of its pixels, if that is at least half
    of them; several nuclei of a cell share its id. Of NAME_labels.tif, DIR gets
    NAME_nuclei_labels.tif, NAME_cytoplasm_labels.tif (cells without nuclei) and
    NAME_pairs.csv, one row per cell and page. What has no partner is counted; it is 0
    in these files, and leaves its columns empty.

    Of two folders, files of the same name are paired, and DIR/dinocell_pairs.csv has
    the cells of all of them. --image may be a folder, too, with NAME.* for NAME_labels.

    [bold]Examples[/]

      dinocell pair cells_labels.tif nuclei_labels.tif -o paired --image cells.tif

      dinocell pair cells nuclei -o paired --image images
    """
    from napari_dinocell.engine.batch.joined_table import join_tables
    from napari_dinocell.engine.batch.pair_files import TABLE_NAME, plan_pairs
    from napari_dinocell.engine.labels.page_images import named_by_stem

    images = named_by_stem(image or [])
    tasks = plan_pairs(cells, nuclei, output, images=images)
    done = [_pair(task, pixel_size) for task in tasks]
    if cells.is_dir():
        tables = {
            task.cells.name: task.table if well else None
            for task, well in zip(tasks, done, strict=True)
        }
        join_tables(output / TABLE_NAME, tables)
        print_note(f"All cells together: {output / TABLE_NAME}")
    if not all(done):
        raise typer.Exit(FAILED)


def _pair(task: PairTask, pixel_size: tuple[float, ...] | None) -> bool:
    """Whether it went well; if not, it is said why."""
    from napari_dinocell.engine.batch.pair_files import pair_files
    from napari_dinocell.engine.errors import DinoCellError

    try:
        made = pair_files(task, pixel_size=pixel_size)
    except DinoCellError as error:
        if debugging():
            raise
        print_error(f"{task.cells.name}: {error}")
        return False
    for note in made.notes:
        print_note(note)
    print_note(f"{task.cells.name}: {made.counts}")
    return True
