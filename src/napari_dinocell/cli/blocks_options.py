"""Arguments and options of `dinocell blocks`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="A folder that was planned.")
]


def parse_share(text: str) -> tuple[int, int]:
    """A share such as 3/8, counted from 1: here (2, 8)."""
    numbers = re.fullmatch(r"(\d+)/(\d+)", text.replace(" ", ""))
    if numbers is None or not 1 <= int(numbers[1]) <= int(numbers[2]):
        raise typer.BadParameter(f"expected K/N with 1 <= K <= N, got {text!r}")
    return int(numbers[1]) - 1, int(numbers[2])


StageOption = Annotated[
    str | None,
    typer.Option(
        metavar="network|doubt|cells",
        help="Do this stage only. Array jobs have to name it: all of one must be done "
        "before the next begins. Only faint planes have doubt.",
        show_default="all, one after the other",
    ),
]
ShareOption = Annotated[
    Any,
    typer.Option(
        "--job",
        parser=parse_share,
        metavar="K/N",
        help="Do the K-th of N shares of the jobs, counted from 1. Shares may run at "
        "once, in any order, and again.",
        show_default="all",
    ),
]
HaloOption = Annotated[
    int, typer.Option(metavar="PIXELS", help="How far blocks look at first.")
]
HaloLimitOption = Annotated[
    int,
    typer.Option(
        metavar="PIXELS",
        help="How far they look at most, where cells hang together.",
    ),
]
CutOption = Annotated[
    bool,
    typer.Option(
        "--cut",
        help="Cut cells that depend on more, instead of an error; how many pixels that "
        "concerns is told in the end.",
    ),
]
ImageArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help="An image file.")]
NewFolderOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="New folder of the run."),
]
BlockOption = Annotated[int, typer.Option(metavar="PIXELS", help="Side of a block.")]
PageOption = Annotated[int, typer.Option(help="Which page of a stack, counted from 0.")]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Of the network on a CPU, in each process. The last bits of its answer "
        "depend on it, so that it is planned.",
        show_default="as `dinocell segment` uses, divided by the workers",
    ),
]
