"""Which images have labels, and which belong together.

Two layouts are read: a folder with a `manifest.csv` (columns image, label and,
optionally, group; paths relative to it), and a plain folder of `NAME.ext` beside
`NAME_label.ext`, `NAME_labels.ext` or `NAME_masks.ext`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dinocell_training.data.source import SourceConfig

_LABEL_SUFFIXES = ("_label", "_labels", "_masks")
_IMAGE_TYPES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True)
class Pair:
    """One image file and its label file."""

    image: Path
    label: Path
    name: str
    """Path of the image relative to the data folder, with `/`."""
    group: str
    """Images of one group show the same field: never split them."""
    source: SourceConfig


def find_pairs(folder: Path, sources: Sequence[SourceConfig]) -> list[Pair]:
    """All pairs below `folder` that belong to one of the sources, sorted by name.

    Raises
    ------
    TrainingDataError
        If the folder is missing, holds no pair, a manifest lacks a column, or a
        listed file does not exist.
    """
    if not folder.is_dir():
        raise TrainingDataError(
            f"Expected a folder of images and labels, but {folder} is not one."
        )
    manifest = folder / "manifest.csv"
    rows = _manifest_rows(manifest) if manifest.is_file() else _folder_rows(folder)
    pairs = []
    for name, label, group in rows:
        source = _source_of(name, sources)
        if source is not None:
            pairs.append(Pair(folder / name, folder / label, name, group, source))
    missing = [p for pair in pairs for p in (pair.image, pair.label) if not p.is_file()]
    if missing:
        raise TrainingDataError(
            f"{manifest} lists {len(missing)} files that do not exist, the first is "
            f"{missing[0]}. Correct the manifest or restore the files."
        )
    if not pairs:
        raise TrainingDataError(
            f"Found no image with labels in {folder}. Expected a manifest.csv, or "
            f"pairs such as cells.tif + cells_label.tif (also _labels, _masks) that "
            f"match one of the patterns {[s.pattern for s in sources]}."
        )
    return sorted(pairs, key=lambda pair: pair.name)


def only_sources(pairs: Sequence[Pair], words: Sequence[str]) -> list[Pair]:
    """Pairs of the sources whose name contains one of the words, in any case.

    No words choose all pairs.

    Raises
    ------
    TrainingDataError
        If a word is in no source's name.
    """
    names = list(dict.fromkeys(pair.source.name for pair in pairs))
    for word in words:
        if not any(word.lower() in name.lower() for name in names):
            raise TrainingDataError(
                f"Expected part of one of the names {', '.join(names)}, got {word!r}. "
                "Choose another source."
            )
    return [
        pair
        for pair in pairs
        if not words or any(w.lower() in pair.source.name.lower() for w in words)
    ]


def _source_of(name: str, sources: Sequence[SourceConfig]) -> SourceConfig | None:
    return next((s for s in sources if fnmatchcase(name, s.pattern)), None)


def _manifest_rows(manifest: Path) -> list[tuple[str, str, str]]:
    with manifest.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        for column in ("image", "label"):
            if column not in columns:
                raise TrainingDataError(
                    f"Expected a column {column!r} in {manifest}, got {columns}."
                )
        return [
            # Group names are only unique within a data set.
            (
                row["image"],
                row["label"],
                f"{row.get('dataset', '')}/{row.get('group') or row['image']}",
            )
            for row in reader
        ]


def _folder_rows(folder: Path) -> list[tuple[str, str, str]]:
    images = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _IMAGE_TYPES and not path.name.startswith(".")
    ]
    by_stem = {path.with_suffix(""): path for path in images}
    rows = []
    for stem, path in by_stem.items():
        for suffix in _LABEL_SUFFIXES:
            label = by_stem.get(stem.with_name(stem.name + suffix))
            if label is not None:
                name = path.relative_to(folder).as_posix()
                rows.append((name, label.relative_to(folder).as_posix(), name))
                break
    return rows
