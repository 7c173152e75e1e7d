"""Options for the contrast that the network sees; each is a setting."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from napari_dinocell.cli.option_values import parse_limits, parse_percentiles
from napari_dinocell.cli.options import IMAGE_PANEL

ClaheOption = Annotated[
    bool | None,
    typer.Option(
        "--clahe/--no-clahe",
        help="Local contrast equalisation before the network.",
        show_default="as the model was trained",
        rich_help_panel=IMAGE_PANEL,
    ),
]
PercentilesOption = Annotated[
    Any,
    typer.Option(
        "--percentiles",
        parser=parse_percentiles,
        metavar="LOW,HIGH",
        help="Percentiles of the intensities that become black and white.",
        show_default="as the model was trained",
        rich_help_panel=IMAGE_PANEL,
    ),
]
RobustOption = Annotated[
    bool | None,
    typer.Option(
        "--robust/--no-robust",
        help="Noise is never stretched over the range; hot pixels and debris do not "
        "set black and white.",
        show_default="robust",
        rich_help_panel=IMAGE_PANEL,
    ),
]
LimitsOption = Annotated[
    Any,
    typer.Option(
        "--limits",
        parser=parse_limits,
        metavar="image|all|LOW,HIGH",
        help="Black and white: measured on each page, on all pages of all images "
        "together, or given as intensities.",
        show_default="image",
        rich_help_panel=IMAGE_PANEL,
    ),
]
ClipLimitOption = Annotated[
    float | None,
    typer.Option(
        "--clip-limit",
        help="Largest slope of the local equalisation; 1 changes nothing.",
        show_default="as the model was trained",
        rich_help_panel=IMAGE_PANEL,
    ),
]
WindowOption = Annotated[
    int | None,
    typer.Option(
        "--window",
        metavar="PIXELS",
        help="Side of the window of the local equalisation.",
        show_default="as the model was trained",
        rich_help_panel=IMAGE_PANEL,
    ),
]
