"""`dinocell measure`: a table of the cells in a label image."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track

from napari_dinocell.cli.errors import messages, print_note
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.labels.page_images import PageImages
    from napari_dinocell.engine.measure.measure_cells import Columns


def parse_pixel_size(text: str) -> tuple[float, ...]:
    """One length in µm, or two with a comma, down and across; "none" gives ()."""
    if text == "none":
        return ()
    try:
        lengths = tuple(map(float, text.split(",")))
    except ValueError:
        lengths = ()
    positive = all(math.isfinite(length) and length > 0 for length in lengths)
    if len(lengths) not in (1, 2) or not positive:
        raise typer.BadParameter(
            f"expected µm such as 0.325, or 0.5,0.25 down and across, or none, got "
            f"{text!r}"
        )
    return lengths


LabelsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="LABELS", help="A TIFF, PNG or NPY file of ids, also a stack."
    ),
]
ImageOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--image",
        "-i",
        metavar="IMAGE",
        help="An image in which intensities are measured; repeat it for several. All "
        "its channels are measured.",
    ),
]
TableOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="TABLE.csv", help="The table.")
]
PixelSizeOption = Annotated[
    Any,
    typer.Option(
        "--pixel-size",
        parser=parse_pixel_size,
        metavar="UM|Y,X|none",
        help="Length of a pixel in µm, or two of them, down and across; none measures "
        "in pixels.",
        show_default="as the files say",
    ),
]


def measure(
    labels: LabelsArgument,
    output: TableOption,
    image: ImageOption = None,
    pixel_size: PixelSizeOption = None,
) -> None:
    """Measure the cells of a label image, and intensities of images in them.

    One row per cell; for stacks, one per page and cell. Where an id is one cell in all
    slices (Z), its volume is in each of its rows. Lengths are in µm where a file
    states its pixel size or you give it, else in pixels: the columns' names tell.

    [bold]Examples[/]

      dinocell measure results/cells_labels.tif --image cells.tif -o cells.csv

      dinocell measure labels.png -i dna.tif -i actin.tif -o t.csv --pixel-size 0.325
    """
    from napari_dinocell.engine.labels.label_files import open_label_file
    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.labels.page_images import PageImages, named_by_stem
    from napari_dinocell.engine.measure.stack import page_columns, with_times
    from napari_dinocell.engine.measure.volumes import with_volumes
    from napari_dinocell.engine.results.measurements_csv import (
        common_interval,
        common_spacing,
        write_measurements,
    )

    images = PageImages(named_by_stem(image or []))
    with open_label_file(labels, image=images.first) as file:
        if file.note:
            print_note(file.note)
        stack = LabelStack(file.labels, axes=file.page_axes)
        sizes = [file.pixel_size, *images.pixel_sizes]
        spacing, unit = common_spacing(pixel_size, sizes)
        columns = _measure_pages(stack, images, spacing, unit)
    if _is_volume(labels, stack.axes):
        depths = (size.depth(unit) for size in sizes if size is not None)
        depth = next((depth for depth in depths if depth is not None), None)
        columns = with_volumes(columns, page_columns(stack.axes), depth=depth)
    columns = with_times(columns, common_interval(sizes))
    write_measurements(output, columns)
    print_note(f"{counted(len(columns['label']), 'row')} in {output}")


def _is_volume(labels: Path, axes: Sequence[str]) -> bool:
    """Whether an id is one cell in all slices, as far as files tell."""
    from napari_dinocell.engine.errors import DinoCellError
    from napari_dinocell.engine.results.provenance import read_provenance, sidecar_path

    if not axes or axes[-1] != "Z":
        return False
    try:
        made = read_provenance(sidecar_path(labels)).settings
    except DinoCellError:  # labels of others
        return True
    return made.stack.volume or made.link


def _measure_pages(
    labels: LabelStack,
    images: PageImages,
    spacing: tuple[float, float] | None,
    unit: str,
) -> Columns:
    """Only one page of each file is in memory at a time."""
    from napari_dinocell.engine.measure.measure_cells import measure_cells
    from napari_dinocell.engine.measure.stack import join_pages, page_columns

    pages = track(
        zip(labels.pages(), images.pages(labels), strict=True),
        description="Pages",
        total=labels.page_count,
        console=messages,
        transient=True,
    )
    tables = [
        (
            page.index,
            measure_cells(page.labels, channels=channels, spacing=spacing, unit=unit),
        )
        for page, channels in pages
    ]
    return join_pages(tables, page_columns(labels.axes))
