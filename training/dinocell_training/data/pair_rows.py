"""Names of images and their labels, out of a manifest or a plain folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.images.file_kinds import (
    LABEL_ENDINGS,
    kind_by_name,
    name_of_image,
)

if TYPE_CHECKING:
    from pathlib import Path

    Rows: TypeAlias = list[tuple[str, str, str]]
    """Image and label, relative to the folder, and group."""


@dataclass(frozen=True, slots=True)
class PairRemark:
    """What the user should know of a file that should have been one of a pair."""

    name: str
    text: str
    left_out: bool = True
    """Whether it is not used; else how it is."""


def manifest_rows(folder: Path) -> tuple[Rows, list[PairRemark]]:
    """Rows of `manifest.csv` in a folder, and those that are damaged.

    Bytes that are no UTF-8 are taken for Latin-1, as old spreadsheets write it.

    Raises
    ------
    TrainingDataError
        If it cannot be read, or a column is missing.
    """
    manifest = folder / "manifest.csv"
    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise TrainingDataError(
            f"{manifest} cannot be read: {error.strerror}. Change its permissions."
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = text.replace("\0", "").splitlines(keepends=True)
    columns = next(csv.reader(lines[:1]), [])
    for column in ("image", "label"):
        if column not in columns:
            raise TrainingDataError(
                f"Expected a column {column!r} in {manifest}, got {columns}."
            )
    return _parse(lines, columns)


def _parse(lines: list[str], columns: list[str]) -> tuple[Rows, list[PairRemark]]:
    rows: Rows = []
    remarks: list[PairRemark] = []
    reader = csv.DictReader(lines[1:], columns)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return rows, remarks
        except csv.Error as error:  # a field without an end, for example
            number = reader.line_num + 2  # the header, and a line not counted
            text = f"the row cannot be read: {error}."
            remarks.append(PairRemark(f"manifest.csv, line {number}", text))
            continue
        image, label = row["image"], row["label"]
        if not image or not label:
            where = image or f"manifest.csv, line {reader.line_num + 1}"
            remarks.append(PairRemark(where, "the row has no image or no label."))
            continue
        # Group names are only unique within a data set.
        group = f"{row.get('dataset') or ''}/{row.get('group') or image}"
        rows.append((image, label, group))


def folder_rows(folder: Path) -> tuple[Rows, list[PairRemark]]:
    """Images beside their labels in a folder and its subfolders, and what has none."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if kind_by_name(path) and path.is_file() and not path.name.startswith(".")
    ]
    labels: dict[Path, list[Path]] = {}
    images = []
    for path in files:
        name = name_of_image(path.stem)
        if name == path.stem:
            images.append(path)
        else:
            labels.setdefault(path.with_name(name), []).append(path)
    rows: Rows = []
    remarks: list[PairRemark] = []
    for image in images:
        name = image.relative_to(folder).as_posix()
        found = labels.pop(image.with_suffix(""), []) or _outlines_beside(image)
        if not found:
            remarks.append(PairRemark(name, f"no labels lie beside it ({_NAMES})."))
            continue
        first, *others = sorted(found, key=_rank)
        rows.append((name, first.relative_to(folder).as_posix(), name))
        remarks += [
            PairRemark(_below(folder, o), f"{first.name} is used.") for o in others
        ]
    for orphans in labels.values():
        text = "no image lies beside it."
        remarks += [PairRemark(_below(folder, path), text) for path in orphans]
    return rows, remarks


def _outlines_beside(image: Path) -> list[Path]:
    """Outlines of an image, by the names that exports give them."""
    stems = (image.stem, f"{image.stem}_labels")
    names = [f"{stem}{end}" for stem in stems for end in OUTLINE_ENDINGS]
    paths = (image.with_name(name) for name in names)
    return [path for path in paths if path.is_file()][:1]


OUTLINE_ENDINGS = ("_rois.zip", ".zip", ".roi", ".geojson", "_coco.json")

_NAMES = ", ".join(f"NAME{ending}" for ending in LABEL_ENDINGS)


def _rank(path: Path) -> int:
    """Place of the ending among those of labels; of two files the first is taken."""
    order = ("_label", "_labels", "_masks", "_cp_masks", "_mask", "_seg")
    fitting = (n for n, end in enumerate(order) if path.stem.endswith(end))
    return min(fitting, default=len(order))


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
