"""The `dinocell` command. Importing it loads neither torch nor napari."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status.

    Parameters
    ----------
    arguments
        What follows `dinocell`; None takes them from the shell.
    """
    from napari_dinocell.cli.app import app
    from napari_dinocell.cli.errors import plain_errors

    with plain_errors():
        app(arguments, prog_name="dinocell")
