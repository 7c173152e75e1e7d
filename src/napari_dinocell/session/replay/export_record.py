"""The side-car of exported labels: the record of the run that made them, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENDING = "_dinocell.json"
"""That of no format, so that no export replaces it."""


def record_path(base: Path) -> Path:
    """`cells_labels_dinocell.json` beside `cells_labels.tif` and other exports."""
    return base.with_name(f"{base.name}{ENDING}")


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write the metadata of a result layer, from which `RunRecord` is read back.

    Raises
    ------
    ExportError
        If the file cannot be written; a former one is untouched then.
    """
    from napari_dinocell.engine.records import json_text
    from napari_dinocell.engine.results.atomic_file import replaced_file

    with replaced_file(path) as temporary:
        temporary.write_text(json_text(record), encoding="utf-8")
