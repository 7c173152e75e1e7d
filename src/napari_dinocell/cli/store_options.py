"""Options for OME-Zarr: what of it is read, and labels that become part of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_dinocell.cli.option_values import parse_fields, parse_range, parse_wells
from napari_dinocell.cli.options import IMAGE_PANEL, RESULT_PANEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.batch.into_image import IntoImage
    from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice

LABELS_NAME = "cells"

ResultsOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for the results. Labels of OME-Zarr become part of the image "
        "if it is left out; all other images need it.",
    ),
]
LevelOption = Annotated[
    int,
    typer.Option(
        "--level",
        min=0,
        metavar="N",
        help="Resolution of OME-Zarr to segment, 0 being the finest.",
        rich_help_panel=IMAGE_PANEL,
    ),
]
TimeRangeOption = Annotated[
    Any,
    typer.Option(
        "--time-range",
        parser=parse_range,
        metavar="N|FIRST:STOP",
        help="Segment only these time points of a stack, counted from 0, without "
        "STOP. Labels of the others are 0.",
        show_default="all",
        rich_help_panel=IMAGE_PANEL,
    ),
]
ZRangeOption = Annotated[
    Any,
    typer.Option(
        "--z-range",
        parser=parse_range,
        metavar="N|FIRST:STOP",
        help="Segment only these planes in depth; likewise.",
        show_default="all",
        rich_help_panel=IMAGE_PANEL,
    ),
]
WellsOption = Annotated[
    Any,
    typer.Option(
        "--wells",
        parser=parse_wells,
        metavar="PATTERN,...",
        help="Wells of an OME-Zarr plate, such as B/03 or 'B/*,C/*'.",
        show_default="all",
        rich_help_panel=IMAGE_PANEL,
    ),
]
FieldsOption = Annotated[
    Any,
    typer.Option(
        "--fields",
        parser=parse_fields,
        metavar="N,N,...|FIRST:STOP",
        help="Images of each well, counted from 0.",
        show_default="all",
        rich_help_panel=IMAGE_PANEL,
    ),
]
LabelsNameOption = Annotated[
    str,
    typer.Option(
        "--labels-name",
        metavar="NAME",
        help="Of labels that become part of OME-Zarr: IMAGE/labels/NAME.",
        rich_help_panel=RESULT_PANEL,
    ),
]
OverwriteLabelsOption = Annotated[
    bool,
    typer.Option(
        "--overwrite-labels",
        help="Replace labels of that name, which are kept otherwise.",
        rich_help_panel=RESULT_PANEL,
    ),
]
BlocksOption = Annotated[
    bool,
    typer.Option(
        "--blocks",
        help="Segment OME-Zarr block by block, with the same labels. Planes that would "
        "take half of the free memory are, without being asked.",
        rich_help_panel=RESULT_PANEL,
    ),
]


def results_place(
    output: Path | None, name: str, overwrite: bool, beside: Mapping[str, object]
) -> Path | IntoImage:
    """The folder for results, or the images themselves.

    Parameters
    ----------
    beside
        Options for files beside the labels; those that are set need a folder.

    Raises
    ------
    BadParameter
        If options contradict each other.
    """
    from napari_dinocell.engine.batch.into_image import IntoImage

    if output is not None:
        if overwrite or name != LABELS_NAME:
            raise typer.BadParameter(
                "--labels-name and --overwrite-labels are for labels that become part "
                "of OME-Zarr. Leave -o out for these, or leave them out."
            )
        return output
    wanted = [option for option, value in beside.items() if value]
    if wanted:
        raise typer.BadParameter(
            f"{' and '.join(wanted)} would write files: give their folder by -o."
        )
    return IntoImage(name=name, overwrite=overwrite)


def chosen_fields(
    wells: tuple[str, ...] | None, fields: tuple[int, ...] | None
) -> FieldChoice:
    """Which images of plates are asked for."""
    from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice

    return FieldChoice(wells=wells or (), fields=fields or ())


def chosen_ranges(
    times: tuple[int, int] | None, depths: tuple[int, int] | None
) -> dict[str, tuple[int, int]]:
    """Pages that are asked for, by the letters of their axes."""
    both = {"T": times, "Z": depths}
    return {letter: found for letter, found in both.items() if found is not None}
