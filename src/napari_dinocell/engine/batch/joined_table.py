"""One table of the cells of all images of a batch, out of the tables of its images.

It is made of what lies on disk when the batch has ended: images that were skipped are
in it, and memory does not grow with the number of cells.
"""

from __future__ import annotations

import csv
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.text import spreadsheet_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import TypeAlias

    Row: TypeAlias = dict[str, str]

TABLE_NAME = "dinocell_measurements.csv"

IMAGE = "image"
"""The first column: what the user calls the image."""


def join_tables(path: Path, tables: Mapping[str, Path | None]) -> None:
    """Write the rows of all tables below each other, each with the name of its image.

    Columns are those of all tables; a row that has none of a column is empty there.
    Rows of other images that a former batch has left in the file stay, below.

    Parameters
    ----------
    path
        Of the joined table; a former one is replaced.
    tables
        CSV files by the names of their images; None for an image without measurements,
        which loses former ones.

    Raises
    ------
    ExportError
        If a table cannot be read, or the joined one not be written; a former one is
        untouched then.
    """
    there = {name: table for name, table in tables.items() if table is not None}
    with (
        replaced_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        former = _former_columns(path)
        columns = dict.fromkeys([IMAGE])
        for names in (*map(_columns, there.values()), former):
            columns |= dict.fromkeys(names)
        writer = csv.DictWriter(file, list(columns), restval="", lineterminator="\n")
        writer.writeheader()
        for name, table in there.items():
            own = {IMAGE: spreadsheet_text(name)}
            writer.writerows(own | row for row in _rows(table))
        if former:
            writer.writerows(_rows_of_others(path, set(map(spreadsheet_text, tables))))


def _columns(table: Path) -> list[str]:
    with _reading(table), table.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])


def _rows(table: Path) -> Iterator[Row]:
    with _reading(table), table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if None in row or None in row.values():
                raise ValueError("a row is longer or shorter than the first")
            yield row


@contextmanager
def _reading(table: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, csv.Error) as error:
        raise ExportError(
            f"{table} is no table of measurements any more: {error}. Delete it and run "
            "again; finished images are measured anew then."
        ) from error


def _former_columns(path: Path) -> list[str]:
    """Columns of a joined table; none where something else stands there, or nothing."""
    with suppress(OSError, ExportError):
        columns = _columns(path)
        return columns if columns[:1] == [IMAGE] else []
    return []


def _rows_of_others(path: Path, names: set[str]) -> Iterator[Row]:
    """As far as they can be read: users, and other programs, edit such a file."""
    with suppress(ExportError):
        yield from (row for row in _rows(path) if row[IMAGE] not in names)
