"""Where errors end: one plain sentence on stderr and an exit status.

0 everything done, 1 something failed, 2 wrong arguments, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import ConsoleOptions, RenderableType

    from dinocell_training.data.pair_rows import PairRemark

DEBUG_VARIABLE = "DINOCELL_DEBUG"
"""Set to anything, it shows the traceback of every error."""

FAILED, INTERRUPTED = 1, 130


class PlainConsole(Console):
    """Prints names of files and what else comes from outside without their controls.

    A name may hold escape sequences that a terminal would obey, and bytes that are no
    text.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Spell out controls in all text; those of the console itself stay."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(shown(text), style)


output = PlainConsole()
"""Results."""

messages = PlainConsole(stderr=True)
"""Progress, notes and errors: everything that is no result."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the project's own errors into a message and an exit status.

    Errors of other kinds are faults of the program and keep their traceback.
    """
    try:
        yield
    except DinoCellError as error:
        if debugging():
            raise
        print_error(str(error))
        sys.exit(FAILED)


def debugging() -> bool:
    """Whether the user asked for tracebacks."""
    return bool(os.environ.get(DEBUG_VARIABLE))


def print_error(text: str) -> None:
    """Print one error on stderr, as it is."""
    messages.print("Error: ", style="bold red", end="")
    messages.print(text, markup=False, highlight=False, soft_wrap=True)


def print_note(text: str) -> None:
    """Print something that the user should know but need not act on."""
    messages.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


REMARKS = 20
"""Files that are named; of more, their number is told."""


def print_remarks(remarks: Sequence[PairRemark]) -> None:
    """Name files of a data folder that are not used, or not as they are."""
    for remark in remarks[:REMARKS]:
        how = "left out: " if remark.left_out else ""
        print_note(f"{remark.name}: {how}{remark.text}")
    if len(remarks) > REMARKS:
        print_note(f"And {len(remarks) - REMARKS} more.")
