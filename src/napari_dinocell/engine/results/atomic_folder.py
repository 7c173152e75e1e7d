"""Folders that are either written whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_dinocell.engine.results.atomic_file import plain_write_errors
from napari_dinocell.engine.results.left_behind import (
    clear_once,
    discard,
    temporary_beside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to make a folder at; it becomes `path` in the end.

    When anything interrupts the writing, also Ctrl-C, what stood at `path` stays and
    the temporary folder goes.

    Raises
    ------
    ExportError
        If the folder cannot be written, or the former one cannot be moved away.
    """
    temporary = temporary_beside(path)
    former = temporary.with_name(f"{temporary.name}.former")
    try:
        with plain_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            clear_once(path.parent)
            yield temporary
            if os.path.lexists(path):
                os.replace(path, former)
            try:
                os.replace(temporary, path)
            except OSError:
                if os.path.lexists(former):
                    os.replace(former, path)
                raise
            discard(former)  # a link goes, what it leads to stays
    finally:
        discard(temporary)
