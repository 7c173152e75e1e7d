"""Files that are replaced together: all of them, or none."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    WriteJson: TypeAlias = Callable[[Path, Mapping[str, Any]], None]


@contextmanager
def reversible_files() -> Iterator[WriteJson]:
    """Give a function that replaces files by JSON; an error puts all of them back.

    Raises
    ------
    ExportError
        If one of them cannot be written.
    """
    former: list[tuple[Path, bytes | None]] = []

    def write(path: Path, values: Mapping[str, Any]) -> None:
        before = path.read_bytes() if path.is_file() else None
        _replace(path, json.dumps(values, indent=2).encode())
        former.append((path, before))

    try:
        yield write
    except BaseException:
        for path, before in reversed(former):
            if before is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, before)
        raise


def _replace(path: Path, content: bytes) -> None:
    with replaced_file(path) as temporary:
        temporary.write_bytes(content)
