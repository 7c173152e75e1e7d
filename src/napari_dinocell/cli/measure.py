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
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.measure.measure_cells import Columns

    Spacing = tuple[float, float]

_COLOURS = ("red", "green", "blue")


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

    One row per cell; for stacks, one per page and cell. Lengths are in µm where a file
    states its pixel size or you give it, else in pixels: the columns' names tell.

    [bold]Examples[/]

      dinocell measure results/cells_labels.tif --image cells.tif -o cells.csv

      dinocell measure labels.png -i dna.tif -i actin.tif -o t.csv --pixel-size 0.325
    """
    from napari_dinocell.engine.images.image_files import open_image
    from napari_dinocell.engine.labels.label_files import open_label_file
    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.measure.stack import with_times
    from napari_dinocell.engine.results.measurements_csv import write_measurements

    images = {name: open_image(path) for name, path in _named(image or [])}
    with open_label_file(labels, image=next(iter(images.values()), None)) as file:
        if file.note:
            print_note(file.note)
        stack = LabelStack(file.labels, axes=file.page_axes)
        _check_pages(stack, images)
        sizes = [file.pixel_size, *(image.pixel_size for image in images.values())]
        columns = _measure_pages(stack, images, *_spacing(pixel_size, sizes))
    columns = with_times(columns, _interval(sizes))
    write_measurements(output, columns)
    print_note(f"{counted(len(columns['label']), 'row')} in {output}")


def _named(paths: list[Path]) -> Iterator[tuple[str, Path]]:
    """A name for each image, from its file; numbered where two are called alike."""
    stems = [path.stem for path in paths]
    for number, (stem, path) in enumerate(zip(stems, paths, strict=True)):
        yield (stem if stems.count(stem) == 1 else f"{stem} {number}"), path


def _check_pages(labels: LabelStack, images: dict[str, ImageFile]) -> None:
    from napari_dinocell.engine.errors import ImageFileError

    for image in images.values():
        same_plane = image.plane_shape == labels.plane_shape
        if not same_plane or image.page_count not in (1, labels.page_count):
            raise ImageFileError(
                f"Expected the planes of the labels, {labels.page_count} of "
                f"{labels.plane_shape}, got {image.page_count} of {image.plane_shape} "
                f"in {image.path}. Choose the image that was segmented."
            )


def _measure_pages(
    labels: LabelStack,
    images: dict[str, ImageFile],
    spacing: Spacing | None,
    unit: str,
) -> Columns:
    """Only one page of each file is in memory at a time."""
    from napari_dinocell.engine.measure.measure_cells import measure_cells
    from napari_dinocell.engine.measure.stack import join_pages, page_columns

    tables = []
    pages = track(
        labels.pages(),
        description="Pages",
        total=labels.page_count,
        console=messages,
        transient=True,
    )
    readers = {name: _every_page(image, labels) for name, image in images.items()}
    for page in pages:
        channels = {
            channel: values
            for name, image in images.items()
            for channel, values in _channels(name, image, next(readers[name])).items()
        }
        table = measure_cells(
            page.labels, channels=channels, spacing=spacing, unit=unit
        )
        tables.append((page.index, table))
    return join_pages(tables, page_columns(labels.axes))


def _every_page(image: ImageFile, labels: LabelStack) -> Iterator[NDArray[Any]]:
    """The image's page for each of the labels: its only one for all of them."""
    if image.page_count == labels.page_count:
        yield from image.pages()
        return
    (page,) = image.pages()
    for _ in range(labels.page_count):
        yield page


def _channels(name: str, image: ImageFile, page: NDArray[Any]) -> dict[str, Any]:
    if page.ndim == 2:
        return {name: page}
    if image.channel_axis is None:
        return {f"{name} {c}": page[..., n] for n, c in enumerate(_COLOURS)}
    return {f"{name} {number}": plane for number, plane in enumerate(page)}


def _spacing(
    given: tuple[float, ...] | None, sizes: list[PixelSize | None]
) -> tuple[Spacing | None, str]:
    """What the user says, else what the first file says that says anything."""
    from napari_dinocell.engine.results.measurements_csv import spacing_of

    if given is not None:
        return ((given[0], given[-1]) if given else None), "µm"
    known = [size for size in sizes if size is not None and size.unit is not None]
    return spacing_of(known[0] if known else None)


def _interval(sizes: list[PixelSize | None]) -> float | None:
    """Seconds between frames, as the first file says that says anything."""
    times = (size.t for size in sizes if size is not None and size.t is not None)
    return next(times, None)
