"""Files that are either written whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import DinoCellError, ExportError
from napari_dinocell.engine.results.left_behind import (
    clear_once,
    discard,
    temporary_beside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write; move it there in the end.

    When anything interrupts the writing, also Ctrl-C, what stood at `path` stays and
    the temporary file goes; those of programs that were killed go, too. The folder is
    made if need be.

    Raises
    ------
    ExportError
        If the file cannot be written: no space, no permission, a name that is taken
        by a folder, or a file that another program holds open.
    """
    temporary = temporary_beside(path)
    try:
        with plain_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            clear_once(path.parent)
            yield temporary
            os.replace(temporary, path)
    finally:
        discard(temporary)


@contextmanager
def plain_write_errors(path: Path) -> Iterator[None]:
    """Turn errors of the disk into an `ExportError` that names the file.

    Raises
    ------
    ExportError
        Instead of the system's error.
    """
    try:
        yield
    except DinoCellError:  # also of a file that is read meanwhile
        raise
    except OSError as error:
        raise ExportError(
            f"{path} could not be written: {error.strerror or error}. Free space, "
            "close it in other programs, or choose another folder."
        ) from error
