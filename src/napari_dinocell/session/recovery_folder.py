"""Where corrections are kept until the work is over, and which were left behind.

A file belongs to the process that wrote it; once that is gone, anybody may recover it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.model.model_store import home_folder
from napari_dinocell.session.recovery_file import (
    Corrected,
    DamagedRecoveryError,
    read_about,
)

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = "damaged"
"""Folder for files that cannot be recovered."""


def recovery_folder() -> Path:
    """Where these files are; it may not exist."""
    return home_folder() / "recovery"


def recovery_path(layer_id: str) -> Path:
    """Where the corrections of a layer of this process are written."""
    return recovery_folder() / f"{os.getpid()}-{layer_id}.zip"


def find_corrections() -> list[Corrected]:
    """Files that a process has left behind, the latest first; unreadable ones too few.

    Files of programs that still run are theirs. What cannot be read is left alone.
    """
    found = []
    for path in sorted(recovery_folder().glob("*.zip")):
        try:
            corrected = read_about(path)
        except ImageFileError:
            continue
        if not _alive(*corrected.process):
            found.append(corrected)
    return sorted(found, key=lambda corrected: corrected.time, reverse=True)


def damaged_files() -> list[Path]:
    """Files from which nothing can be recovered."""
    found = []
    for path in sorted(recovery_folder().glob("*.zip")):
        try:
            read_about(path)
        except DamagedRecoveryError:
            found.append(path)
        except ImageFileError:  # of a later version, or not ours to read
            continue
    return found


def put_aside(path: Path) -> Path | None:
    """Move a damaged file where it is not looked for again.

    Returns
    -------
    Where it is now; None if it cannot be moved.
    """
    aside = path.parent / DAMAGED / path.name
    try:
        aside.parent.mkdir(exist_ok=True)
        os.replace(path, aside)
    except OSError:
        return None
    return aside


def delete_corrections(path: Path) -> None:
    """Delete a file, and what its process was writing when it died."""
    for left in [path, *path.parent.glob(f".{path.name}.*")]:
        left.unlink(missing_ok=True)


def _alive(pid: int, started: float) -> bool:
    """Whether the very process runs, not a later one of the same number."""
    try:
        return bool(abs(psutil.Process(pid).create_time() - started) < 1)
    except (psutil.Error, ValueError, OverflowError):  # no such number can be
        return False
