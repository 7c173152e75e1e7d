"""The table of a lineage as CSV: id, first, last, parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.lineage.table import Lineage

HEADER = "id,first,last,parent"


def lineage_path(labels: Path) -> Path:
    """`NAME_labels_lineage.csv` for `NAME_labels.tif`, as exports are called."""
    return labels.with_name(f"{labels.stem}_lineage.csv")


def write_lineage(path: Path, lineage: Lineage) -> None:
    """Write a row per cell; frames from 0, parent 0 where there is none."""
    rows = [f"{t.id},{t.first},{t.last},{t.parent}" for t in lineage.tracks]
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="ascii", newline="\n")
