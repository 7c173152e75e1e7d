"""Options for cells that are followed through the pages of a stack."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_dinocell.cli.options import CELLS_PANEL

LinkOption = Annotated[
    bool | None,
    typer.Option(
        "--link/--no-link",
        help="Keep one id per cell through the pages of a stack: tracking by overlap.",
        show_default="no-link",
        rich_help_panel=CELLS_PANEL,
    ),
]
LineagesOption = Annotated[
    bool | None,
    typer.Option(
        "--lineages/--no-lineages",
        help="Link the frames of a time-lapse, find divisions, and write a table of "
        "all cells and their mothers, NAME_labels_lineage.csv. Daughters get new ids.",
        show_default="no-lineages",
        rich_help_panel=CELLS_PANEL,
    ),
]
