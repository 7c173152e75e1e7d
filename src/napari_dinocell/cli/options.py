"""Options that several commands share, and which of them are settings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_dinocell.cli.option_values import (
    parse_cell_diameter,
    parse_channel,
    parse_channels,
    parse_region_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL_PANEL = "Model"
IMAGE_PANEL = "Image"
CELLS_PANEL = "Cells"
RESULT_PANEL = "Results"


class LabelFormatName(StrEnum):
    """Choices of --format."""

    tif = "tif"
    png = "png"
    npy = "npy"


ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="A model that `dinocell models list` shows, or a checkpoint file. "
        "The bundled one if left out.",
        rich_help_panel=MODEL_PANEL,
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        metavar="auto|cpu|cuda|cuda:N|mps",
        help="Where the network runs.",
        rich_help_panel=MODEL_PANEL,
    ),
]
ChannelOption = Annotated[
    Any,
    typer.Option(
        parser=parse_channel,
        metavar="N|auto|gray|hematoxylin|max|mean",
        help="Channel to segment, counted from 0; gray is the luminance of RGB, "
        "hematoxylin the dye of nuclei in RGB pictures of tissue. auto takes the dye "
        "where a picture shows it, gray otherwise.",
        show_default="auto",
        rich_help_panel=IMAGE_PANEL,
    ),
]
ChannelsOption = Annotated[
    Any,
    typer.Option(
        "--channels",
        parser=parse_channels,
        metavar="N,N,...|all",
        help="Channels that gray, max and mean go over.",
        show_default="all",
        rich_help_panel=IMAGE_PANEL,
    ),
]
RegionOption = Annotated[
    Any,
    typer.Option(
        "--region",
        parser=parse_region_text,
        metavar="Y0:Y1,X0:X1|none",
        help="Segment only these rows and columns of each page, as an image of their "
        "own: counted from 0, without Y1 and X1. Labels outside are 0.",
        show_default="none",
        rich_help_panel=IMAGE_PANEL,
    ),
]
AxesOption = Annotated[
    str | None,
    typer.Option(
        metavar="LETTERS",
        help="What the dimensions of a file are, where it says it wrongly or not: "
        "CYX or YXC for channels, TYX or ZYX for pages, YXS for RGB.",
        rich_help_panel=IMAGE_PANEL,
    ),
]
SceneOption = Annotated[
    str | None,
    typer.Option(
        "--scene",
        "--series",
        metavar="N|NAME",
        help="Which image of files that hold several (positions, series), counted from "
        "0, or by its name.",
        show_default="each of them",
        rich_help_panel=IMAGE_PANEL,
    ),
]
CellDiameterOption = Annotated[
    Any,
    typer.Option(
        "--cell-diameter",
        "-d",
        parser=parse_cell_diameter,
        metavar="PIXELS|auto|none",
        help="Typical cell diameter; auto measures it, none takes the image as it is.",
        show_default="auto",
        rich_help_panel=CELLS_PANEL,
    ),
]
AugmentOption = Annotated[
    int | None,
    typer.Option(
        "--augment",
        metavar="1-8",
        help="Average the map over so many turns and flips of the image: slower by "
        "that factor; helps with cells that the model is unsure of.",
        show_default="1",
        rich_help_panel=CELLS_PANEL,
    ),
]
SeedThresholdOption = Annotated[
    float | None,
    typer.Option(
        "--seed-threshold",
        metavar="0-1",
        help="Higher finds fewer cells, lower splits more.",
        show_default="the model's",
        rich_help_panel=CELLS_PANEL,
    ),
]
ForegroundThresholdOption = Annotated[
    float | None,
    typer.Option(
        "--foreground-threshold",
        metavar="0-1",
        help="Higher makes cells smaller.",
        show_default="the model's",
        rich_help_panel=CELLS_PANEL,
    ),
]
MinSizeOption = Annotated[
    int | None,
    typer.Option(
        "--min-size",
        metavar="PIXELS",
        help="Drop cells with fewer pixels, counted before holes are filled.",
        show_default="the model's",
        rich_help_panel=CELLS_PANEL,
    ),
]
MaxSizeOption = Annotated[
    int | None,
    typer.Option(
        "--max-size",
        metavar="PIXELS",
        help="Drop cells with more pixels, counted likewise; 0 keeps all.",
        show_default="the model's",
        rich_help_panel=CELLS_PANEL,
    ),
]
ExcludeBorderOption = Annotated[
    bool | None,
    typer.Option(
        "--exclude-border/--no-exclude-border",
        help="Drop cells that touch the border of the page, or of --region.",
        show_default="the model's",
        rich_help_panel=CELLS_PANEL,
    ),
]
ProminenceOption = Annotated[
    float | None,
    typer.Option(
        "--prominence",
        metavar="0-1",
        help="A summit below the seed threshold becomes part of the cell next to it if "
        "it rises above the saddle by at most this share of its height; else it is "
        "dropped. 1 lets cells grow over everything.",
        show_default="0.4",
        rich_help_panel=CELLS_PANEL,
    ),
]
FillHolesOption = Annotated[
    bool | None,
    typer.Option(
        "--fill-holes/--no-fill-holes",
        help="Make background that one single cell encloses part of it.",
        show_default="the model's",
        rich_help_panel=CELLS_PANEL,
    ),
]
ExpandOption = Annotated[
    float | None,
    typer.Option(
        "--expand",
        metavar="PIXELS",
        help="Grow cells into the background by this distance, until they meet.",
        show_default="0",
        rich_help_panel=CELLS_PANEL,
    ),
]
ConsecutiveIdsOption = Annotated[
    bool | None,
    typer.Option(
        "--consecutive-ids/--no-consecutive-ids",
        help="Number the cells of a file 1, 2, ...; an id that pages share stays one.",
        show_default="no-consecutive-ids",
        rich_help_panel=CELLS_PANEL,
    ),
]
ImagesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGES",
        help="TIFF, PNG, JPEG, NPY or microscope files, OME-Zarr (images, plates, "
        "addresses), folders, or patterns such as 'day*/*.tif'.",
    ),
]
RecursiveOption = Annotated[
    bool,
    typer.Option(
        "--recursive",
        "-r",
        help="Look into the subfolders of folders; the results lie in the same ones.",
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", help="Folder for the results."),
]
FormatOption = Annotated[
    LabelFormatName,
    typer.Option("--format", help="Of the labels.", rich_help_panel=RESULT_PANEL),
]
OverlayOption = Annotated[
    bool,
    typer.Option(
        "--overlay",
        help="Also write NAME_overlay.png, the image with outlines.",
        rich_help_panel=RESULT_PANEL,
    ),
]
ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Skip images that the same model and settings have segmented.",
        rich_help_panel=RESULT_PANEL,
    ),
]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE.json",
        help="Take settings, region and model from the side-car of other labels; "
        "options given besides go first.",
        rich_help_panel=RESULT_PANEL,
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME|FILE",
        help="Take settings, region, axes and model from a preset that the viewer or "
        "`dinocell presets` has saved; options given besides go first.",
        rich_help_panel=RESULT_PANEL,
    ),
]
DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="Images beside their labels: NAME.tif and NAME_label.tif (or _labels, "
        "_masks), or listed in a manifest.csv with columns image and label.",
    ),
]


def given_overrides(**values: Any) -> dict[str, Any]:
    """The settings that the user gave, for `SegmentConfig.with_overrides`."""
    given = {name: value for name, value in values.items() if value is not None}
    nothing = {"none", "all"}
    return {
        name: None if name != "limits" and value in nothing else value
        for name, value in given.items()
    }


def settings_among(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a command that are settings of `SegmentConfig`, by their names."""
    from napari_dinocell.engine.config import setting_names

    found = {name: v for name, v in options.items() if name in setting_names()}
    if options.get("percentiles") is not None:
        found["low_percentile"], found["high_percentile"] = options["percentiles"]
    if options.get("lineages") and options.get("link") is None:
        found["link"] = True  # of cells that are linked
    return found
