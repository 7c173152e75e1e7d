"""Options for what is written besides labels: measurements, and other formats."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from napari_dinocell.cli.options import RESULT_PANEL
from napari_dinocell.engine.results.export_formats import EXTRA_FORMATS, MEASUREMENTS

NOTHING = "none"

MeasureOption = Annotated[
    bool | None,
    typer.Option(
        "--measure/--no-measure",
        help="Also measure all cells: NAME_labels_measurements.csv for each image, and "
        "DIR/dinocell_measurements.csv for all of them.",
        show_default="no-measure",
        rich_help_panel=RESULT_PANEL,
    ),
]


def parse_extra_formats(text: str) -> tuple[str, ...]:
    """Formats with commas between them; "none" gives ()."""
    keys = tuple(dict.fromkeys(key.strip() for key in text.split(",")))
    if keys == (NOTHING,):
        return ()
    wrong = [key for key in keys if key not in EXTRA_FORMATS]
    if wrong:
        raise typer.BadParameter(
            f"expected formats such as roi,geojson among {', '.join(EXTRA_FORMATS)}, "
            f"or none, got {', '.join(map(repr, wrong))}"
        )
    return keys


AlsoOption = Annotated[
    Any,
    typer.Option(
        "--also",
        parser=parse_extra_formats,
        metavar="FORMAT,...|none",
        help="Also write the labels in these formats: "
        + ", ".join(key for key in EXTRA_FORMATS if key != MEASUREMENTS)
        + f". {MEASUREMENTS} is --measure.",
        show_default="none",
        rich_help_panel=RESULT_PANEL,
    ),
]
