"""Options for stacks whose slices are segmented as one volume; each is a setting."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from napari_dinocell.cli.option_values import parse_spacing

VOLUME_PANEL = "Volumes"

VolumeOption = Annotated[
    bool | None,
    typer.Option(
        "--volume/--no-volume",
        help="Segment the slices (Z) of a stack together: cells go through slices, and "
        "part from those above and below.",
        show_default="no-volume",
        rich_help_panel=VOLUME_PANEL,
    ),
]
ZSpacingOption = Annotated[
    Any,
    typer.Option(
        "--z-spacing",
        parser=parse_spacing,
        metavar="PIXELS|none",
        help="Distance from slice to slice, divided by the pixel size; none takes it "
        "from the file.",
        show_default="the file's, else 1",
        rich_help_panel=VOLUME_PANEL,
    ),
]
BridgeOption = Annotated[
    int | None,
    typer.Option(
        "--bridge",
        metavar="SLICES",
        help="Slices in a row that a cell may be missing in and is still one.",
        show_default="1",
        rich_help_panel=VOLUME_PANEL,
    ),
]
OrthogonalOption = Annotated[
    bool | None,
    typer.Option(
        "--orthogonal/--no-orthogonal",
        help="Look at the volume from the front and from the side, too, and average "
        "the maps: for slices at most 2 pixels apart, and three times the work.",
        show_default="no-orthogonal",
        rich_help_panel=VOLUME_PANEL,
    ),
]
MinZExtentOption = Annotated[
    int | None,
    typer.Option(
        "--min-z-extent",
        metavar="SLICES",
        help="Drop cells that go through fewer slices of a volume.",
        show_default="0",
        rich_help_panel=VOLUME_PANEL,
    ),
]
PartingOption = Annotated[
    float | None,
    typer.Option(
        "--parting",
        metavar="0-1",
        help="In a volume, seeds that meet over a saddle well below their summits stay "
        "apart: lower parts more cells, 1 joins them as in a plane.",
        show_default="0.3",
        rich_help_panel=VOLUME_PANEL,
    ),
]
