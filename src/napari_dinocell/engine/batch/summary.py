"""The table that a batch ends with: one row per image, on disk after each of them."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_dinocell.engine.no_cells import NoCells
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.text import counted, spreadsheet_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.results.provenance import Provenance

SUMMARY_NAME = "dinocell_summary.csv"

FileStatus: TypeAlias = Literal["not done", "done", "skipped", "failed"]
"""Skipped are those whose labels were there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """How one image went."""

    file: str
    """Name of the image."""
    labels: str
    """Name of the file with its labels."""
    status: FileStatus = "not done"
    cells: int | None = None
    """Of all pages together."""
    pages: int | None = None
    seconds: float | None = None
    """That the pages took; of a skipped image, when it was segmented."""
    remark: str = ""
    """Why it failed, or what else should be known."""

    @classmethod
    def waiting(cls, target: Target) -> SummaryRow:
        """The row of an image that nothing is known of yet."""
        return cls(file=target.name, labels=target.labels_name)

    @classmethod
    def finished(
        cls, target: Target, provenance: Provenance, *, skipped: bool = False
    ) -> SummaryRow:
        """The row of an image whose labels are on disk."""
        pages = provenance.pages
        return cls(
            file=target.name,
            labels=target.labels_name,
            status="skipped" if skipped else "done",
            cells=sum(page.cells for page in pages),
            pages=len(pages),
            seconds=round(sum(page.seconds for page in pages), 3),
            remark=", ".join(_remarks(provenance)),
        )

    @classmethod
    def failed(cls, target: Target, reason: str) -> SummaryRow:
        """The row of an image that could not be segmented."""
        name, labels = target.name, target.labels_name
        return cls(file=name, labels=labels, status="failed", remark=reason)


def write_summary(path: Path, rows: Iterable[SummaryRow]) -> None:
    """Write a table of comma-separated values, UTF-8.

    Rows of other labels that a former batch has left in the file stay, below.

    Raises
    ------
    ExportError
        If the file cannot be written; a former one is untouched then.
    """
    table = [_cells(row) for row in rows]
    written = {cells["labels"] for cells in table}
    table += [cells for cells in _former(path) if cells["labels"] not in written]
    with (
        replaced_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(table)


_COLUMNS = [field.name for field in fields(SummaryRow)]


def _cells(row: SummaryRow) -> dict[str, str]:
    values = asdict(row).items()
    return {
        name: spreadsheet_text(value) if isinstance(value, str) else _number(value)
        for name, value in values
    }


def _number(value: float | None) -> str:
    return "" if value is None else str(value)


def _former(path: Path) -> list[dict[str, str]]:
    """Rows of a table of this kind; none where there is no such table."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader) if reader.fieldnames == _COLUMNS else []
    except (OSError, ValueError, csv.Error):
        return []
    return [row for row in rows if row.keys() == set(_COLUMNS) and all(_texts(row))]


def _texts(row: dict[str, str]) -> list[bool]:
    """Whether each cell is there: rows that were cut off lack some."""
    return [isinstance(value, str) for value in row.values()]


def _remarks(provenance: Provenance) -> list[str]:
    remarks = []
    if any(page.constant for page in provenance.pages):
        remarks.append("holds one single value")
    if any(page.no_cells is NoCells.NOISE for page in provenance.pages):
        remarks.append("holds only noise")
    if any(page.no_cells is NoCells.UNSURE for page in provenance.pages):
        remarks.append("too faint")
    if provenance.lineage is not None:
        remarks.append(counted(provenance.lineage.divisions, "division"))
    if provenance.degraded:
        remarks.append("short of memory")
    return remarks
