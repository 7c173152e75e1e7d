"""Names of files that are being written, and what killed programs left of them.

A name says which process of which machine writes: folders may be shared, and a file of
a program that runs, here or elsewhere, is its own.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
import zlib
from functools import cache
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_PART = 50
"""Characters of a name that a temporary one begins with, at up to four bytes each."""

_NAME = re.compile(r"\..+\.(\d{1,9})-([0-9a-f]{8})-[0-9a-f]{6}")


def temporary_beside(path: Path) -> Path:
    """A hidden name that nothing has; not longer than names may be."""
    token = f"{os.getpid()}-{_machine()}-{secrets.token_hex(3)}"
    return path.with_name(f".{path.name[:LONGEST_PART]}.{token}")


@cache
def clear_once(folder: Path) -> None:
    """Remove what was left behind in a folder, the first time it is asked for.

    A batch writes thousands of files into one folder.
    """
    remove_left_behind(folder)


def remove_left_behind(folder: Path) -> None:
    """Remove temporary files and folders of programs of this machine that are gone.

    What cannot be removed stays: it is in nobody's way.
    """
    try:
        found = list(folder.iterdir())
    except OSError:  # no such folder yet
        return
    for path in found:
        match = _NAME.fullmatch(path.name)
        if match is None or match[2] != _machine() or psutil.pid_exists(int(match[1])):
            continue
        discard(path)


def discard(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there and can be removed."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:  # the disk itself is gone; the first error tells so
        return


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"
