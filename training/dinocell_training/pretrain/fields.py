"""What a run learns from: fields of view, each in one file or a file per channel.

Only names are held in memory, and no file is opened here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.images.find_images import find_images

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("field", "channel", "file")
"""Of a list; "page" and "index" may be there, too."""


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """Where pixels of a field lie."""

    path: Path
    channel: str = ""
    """Its name, for people."""
    page: int | None = None
    """Which plane of a stack, from 0; None: any of them, drawn anew each time."""
    index: int | None = None
    """Which of the channels inside the file, from 0; None: any of them, or grey."""


@dataclass(frozen=True, slots=True)
class Field:
    """One place under the microscope, in one or several channels."""

    name: str
    files: tuple[ChannelFile, ...]


def find_fields(data: Path) -> list[Field]:
    """All fields of a folder (with its subfolders), an image, an OME-Zarr or a list.

    A list is a CSV file with the columns `field`, `channel` and `file` (relative to
    the list), and `page` and `index` if need be: rows of one field show the same
    place, pixel by pixel. In a folder every image is a field.

    Raises
    ------
    TrainingDataError
        If the list cannot be used, or names files that do not exist.
    ImageFileError
        If there is no image.
    """
    if data.suffix.lower() == ".csv":
        return _listed(data)
    if not data.exists():
        raise TrainingDataError(
            f"Expected a folder of images, an image or a list in CSV, but {data} does "
            "not exist. Check its name."
        )
    images = find_images([data], recursive=True)
    return [Field(str(path), (ChannelFile(path),)) for path in images]


def _listed(path: Path) -> list[Field]:
    """Fields of a list, in the order of their first rows."""
    files: dict[str, list[ChannelFile]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise TrainingDataError(
                    f"Expected the columns {', '.join(COLUMNS)} in {path}, got "
                    f"{reader.fieldnames}. Name them in its first line."
                )
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                file = _channel_file(row, path.parent, where)
                files.setdefault(row["field"], []).append(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(
            f"{path} cannot be read as a list in CSV: {error}. Save it as UTF-8."
        ) from error
    if not files:
        raise TrainingDataError(f"{path} lists no field. Add a row for each file.")
    return [Field(name, tuple(members)) for name, members in files.items()]


def _channel_file(row: dict[str, str | None], folder: Path, where: str) -> ChannelFile:
    if not row["field"] or not row["file"]:
        raise TrainingDataError(f"Expected a field and a file in {where}, got {row}.")
    file = folder / row["file"]
    if not file.exists():
        raise TrainingDataError(
            f"{file}, named in {where}, does not exist. Correct the list."
        )
    return ChannelFile(
        path=file,
        channel=row["channel"] or "",
        page=_number(row.get("page"), "page", where),
        index=_number(row.get("index"), "index", where),
    )


def _number(text: str | None, column: str, where: str) -> int | None:
    if not text:
        return None
    if not text.strip().isdecimal():
        raise TrainingDataError(
            f"Expected a {column} that counts from 0 in {where}, got {text!r}."
        )
    return int(text)
