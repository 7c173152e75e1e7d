"""`dinocell export`: files of labels in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track

from napari_dinocell.cli.errors import (
    FAILED,
    INTERRUPTED,
    debugging,
    messages,
    print_error,
    print_note,
)
from napari_dinocell.cli.options import OutputOption
from napari_dinocell.engine.config import LARGEST_EXPANSION
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.labels.label_files import LabelFile


def _parse_format(text: str) -> str:
    if text not in FORMATS:
        raise typer.BadParameter(f"expected one of {', '.join(FORMATS)}, got {text!r}")
    return text


LabelsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="LABELS",
        help="TIFF, PNG or NPY files of labels, ROIs, GeoJSON, COCO, folders with "
        "NAME_labels files, or patterns such as 'day*/*_labels.tif'.",
    ),
]
FormatsOption = Annotated[
    list[Any],
    typer.Option(
        "--format",
        "-f",
        parser=_parse_format,
        metavar="FORMAT",
        help="What to write; may be given several times. "
        + "; ".join(f"{entry.key}: {entry.title}" for entry in FORMATS.values())
        + ".",
    ),
]
ImageOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|FOLDER",
        help="What was segmented, for overlay and measured intensities; of a folder, "
        "NAME.* for NAME_labels.",
    ),
]
ConsecutiveIdsOption = Annotated[
    bool,
    typer.Option(
        "--consecutive-ids",
        help="Number the cells of each file 1, 2, ...; an id that pages share stays "
        "one.",
    ),
]
ExpandOption = Annotated[
    float,
    typer.Option(
        metavar="PIXELS",
        min=0,
        max=LARGEST_EXPANSION,
        help="Grow cells into the background by this distance, until they meet.",
    ),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace earlier exports.")
]


def export(
    labels: LabelsArgument,
    formats: FormatsOption,
    output: OutputOption,
    image: ImageOption = None,
    expand: ExpandOption = 0,
    consecutive_ids: ConsecutiveIdsOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write labels for other programs: ImageJ, QuPath, COCO, OME-Zarr, tables.

    Ids (but for --consecutive-ids), axes and pixel size are kept wherever the format
    can hold them. What a format cannot hold is an error of that file, and all others
    are still written.

    [bold]Examples[/]

      dinocell export results/image_labels.tif -f geojson -f roi -o for_others

      dinocell export results -f csv -f overlay --image images -o tables
    """
    from napari_dinocell.engine.labels.find_label_files import find_label_files

    paths = find_label_files(labels)
    _check_names(paths)
    try:
        options = {
            "expand": expand,
            "consecutive_ids": consecutive_ids,
            "overwrite": overwrite,
        }
        failed = _export_all(paths, formats, output, image, options)
    except KeyboardInterrupt:
        print_note("Interrupted. Finished files are kept.")
        raise typer.Exit(INTERRUPTED) from None
    if failed:
        raise typer.Exit(FAILED)


def _export_all(
    paths: list[Path],
    formats: list[str],
    folder: Path,
    image: Path | None,
    options: dict[str, Any],
) -> int:
    """Export all files, whatever happens to single ones; how many exports failed.

    `options` are those of `export_labels`.
    """
    from napari_dinocell.engine.errors import DinoCellError

    failed, done = 0, 0
    jobs = [(path, key) for path in paths for key in dict.fromkeys(formats)]
    for path, key in track(
        jobs, description="Exporting", console=messages, transient=True
    ):
        try:
            _export_one(path, key, folder, image, options)
        except DinoCellError as error:
            if debugging():
                raise
            print_error(f"{path.name}, {FORMATS[key].title}: {error}")
            failed += 1
        else:
            done += 1
    print_note(f"{done} of {counted(len(jobs), 'export')} written to {folder}.")
    return failed


def _export_one(
    path: Path, key: str, folder: Path, image: Path | None, options: dict[str, Any]
) -> None:
    from napari_dinocell.engine.errors import ExportError
    from napari_dinocell.engine.images.image_files import open_image
    from napari_dinocell.engine.labels.find_label_files import image_of_labels
    from napari_dinocell.engine.labels.label_files import open_label_file
    from napari_dinocell.engine.results.export_labels import export_labels

    target = FORMATS[key].path(folder, _name(path))
    if target.exists() and target.samefile(path):
        raise ExportError(
            f"{target} is the file of the labels itself. Choose another folder."
        )
    known = None if image is None else open_image(image_of_labels(image, path))
    with open_label_file(path, image=known) as file:
        if file.note:
            print_note(file.note)
        export_labels(
            target,
            file.labels,
            key,
            axes=file.axes,
            pixel_size=file.pixel_size,
            channels=None if known is None else _read_channels(known, file),
            **options,
        )


def _name(labels: Path) -> str:
    return labels.stem.removesuffix(".ome")


def _check_names(paths: list[Path]) -> None:
    """Refuse files whose exports would have the same name."""
    from napari_dinocell.engine.errors import ExportError

    names: dict[str, Path] = {}
    for path in paths:
        other = names.setdefault(_name(path), path)
        if other != path:
            raise ExportError(
                f"{other} and {path} would be exported to the same name. Export them "
                "to different folders."
            )


def _read_channels(found: ImageFile, file: LabelFile) -> dict[str, Any]:
    """Channels of the image in the shape of the labels, by name."""
    import numpy as np

    from napari_dinocell.engine.images.named_channels import named_channels

    stack = np.stack(list(found.pages()))  # pages, then as `ImageFile.pages` has it
    counts = file.labels.shape[:-2]
    if np.prod(counts, dtype=int) == len(stack):
        stack = stack.reshape(*counts, *stack.shape[1:])
    return named_channels(found, stack)
