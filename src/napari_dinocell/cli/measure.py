"""`dinocell measure`: a table of the cells in a label image."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track

from napari_dinocell.cli.errors import messages, print_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.image_files import ImageFile
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
    typer.Argument(metavar="LABELS", help="A TIFF or PNG file, also a TIFF stack."),
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
    from napari_dinocell.engine.results.measurements_csv import write_measurements

    label_file = open_image(labels)
    images = {name: open_image(path) for name, path in _named(image or [])}
    _check_pages(label_file, images)
    columns = _measure_pages(label_file, images, pixel_size)
    write_measurements(output, columns)
    print_note(f"{len(columns['label'])} rows in {output}")


def _named(paths: list[Path]) -> Iterator[tuple[str, Path]]:
    """A name for each image, from its file; numbered where two are called alike."""
    stems = [path.stem for path in paths]
    for number, (stem, path) in enumerate(zip(stems, paths, strict=True)):
        yield (stem if stems.count(stem) == 1 else f"{stem} {number}"), path


def _check_pages(labels: ImageFile, images: dict[str, ImageFile]) -> None:
    from napari_dinocell.engine.errors import ImageFileError

    if labels.channel_letter:
        raise ImageFileError(
            f"Expected labels without channels or colours, got {labels.path} with the "
            f"axes {labels.axes} {labels.shape}. Choose the labels, not a picture."
        )
    for image in images.values():
        same_plane = image.plane_shape == labels.plane_shape
        if not same_plane or image.page_count not in (1, labels.page_count):
            raise ImageFileError(
                f"Expected the planes of the labels, {labels.page_count} of "
                f"{labels.plane_shape}, got {image.page_count} of {image.plane_shape} "
                f"in {image.path}. Choose the image that was segmented."
            )


def _measure_pages(
    labels: ImageFile,
    images: dict[str, ImageFile],
    pixel_size: tuple[float, ...] | None,
) -> Columns:
    """Only one page of each file is in memory at a time."""
    import numpy as np

    from napari_dinocell.engine.measure.measure_cells import measure_cells
    from napari_dinocell.engine.measure.stack import (
        join_pages,
        page_columns,
        with_times,
    )

    spacing, unit = _spacing(pixel_size, [labels, *images.values()])
    tables = []
    pages = track(
        zip(np.ndindex(labels.page_counts), labels.pages(), strict=True),
        description="Pages",
        total=labels.page_count,
        console=messages,
        transient=True,
    )
    readers = {name: _every_page(image, labels) for name, image in images.items()}
    for index, plane in pages:
        channels = {
            channel: values
            for name, image in images.items()
            for channel, values in _channels(name, image, next(readers[name])).items()
        }
        table = measure_cells(plane, channels=channels, spacing=spacing, unit=unit)
        tables.append((index, table))
    columns = join_pages(tables, page_columns(labels.page_axes))
    return with_times(columns, _interval([labels, *images.values()]))


def _every_page(image: ImageFile, labels: ImageFile) -> Iterator[NDArray[Any]]:
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
    given: tuple[float, ...] | None, files: list[ImageFile]
) -> tuple[Spacing | None, str]:
    """What the user says, else what the first file says that says anything."""
    from napari_dinocell.engine.results.measurements_csv import spacing_of

    if given is not None:
        return ((given[0], given[-1]) if given else None), "µm"
    sizes = [file.pixel_size for file in files]
    known = [size for size in sizes if size is not None and size.unit is not None]
    return spacing_of(known[0] if known else None)


def _interval(files: list[ImageFile]) -> float | None:
    """Seconds between frames, as the first file says that says anything."""
    sizes = [file.pixel_size for file in files if file.pixel_size is not None]
    return next((size.t for size in sizes if size.t is not None), None)
