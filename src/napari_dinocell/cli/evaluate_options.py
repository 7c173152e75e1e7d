"""Options of `dinocell evaluate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

IMAGES_PANEL = "Which images"
REPORT_PANEL = "What is reported"


class Part(StrEnum):
    """Choices of --part."""

    all = "all"
    validation = "validation"
    held_out = "held-out"


class DiameterPolicyName(StrEnum):
    """Choices of --diameter."""

    none = "none"
    auto = "auto"
    known = "known"


RecipeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.toml",
        help="Training recipe whose sources and split are used.",
        rich_help_panel=IMAGES_PANEL,
    ),
]
PartOption = Annotated[
    Part,
    typer.Option(
        help="validation: images that training with the recipe keeps aside; "
        "held-out: those it never uses.",
        rich_help_panel=IMAGES_PANEL,
    ),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="TEXT",
        help="Only the recipe's sources whose name contains it; may be repeated.",
        rich_help_panel=IMAGES_PANEL,
    ),
]
BorderOption = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="PIXELS",
        help="Border band not scored, without a recipe.",
        rich_help_panel=IMAGES_PANEL,
    ),
]
DiameterOption = Annotated[
    DiameterPolicyName,
    typer.Option(
        help="What the model is told about cell size: nothing, to measure it, or the "
        "median of the true cells."
    ),
]
BaselinesOption = Annotated[
    bool,
    typer.Option(
        "--baselines",
        help="Compare with methods without a network, and with the model at "
        "thresholds that are off by 0.1.",
        rich_help_panel=REPORT_PANEL,
    ),
]
JsonOption = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write all scores, image by image.",
        rich_help_panel=REPORT_PANEL,
    ),
]
ExamplesOption = Annotated[
    Path | None,
    typer.Option(
        "--examples",
        metavar="FILE.png",
        help="Draw the best and the worst image of each source.",
        rich_help_panel=REPORT_PANEL,
    ),
]
RobustnessOption = Annotated[
    Path | None,
    typer.Option(
        "--robustness",
        metavar="FILE.png",
        help="Draw AP50 on blurred, noisy, resized, ... images; numbers go to "
        "FILE.json. Slow: 19 runs per image.",
        rich_help_panel=REPORT_PANEL,
    ),
]
PerSourceOption = Annotated[
    int,
    typer.Option(
        "--per-source",
        min=1,
        metavar="N",
        help="Images of each source for --robustness, evenly chosen.",
        rich_help_panel=REPORT_PANEL,
    ),
]
