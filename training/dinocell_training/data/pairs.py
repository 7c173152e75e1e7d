"""Which images have labels, and which belong together.

Two layouts are read: a folder with a `manifest.csv` (columns image, label and,
optionally, group; paths relative to it), and a plain folder of `NAME.ext` beside
`NAME_label.ext`, `NAME_labels.ext`, `NAME_masks.ext`, or what Cellpose calls them:
`NAME_cp_masks.ext` and `NAME_seg.npy`. What is left out is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dinocell_training.data.pair_rows import PairRemark, folder_rows, manifest_rows
from napari_dinocell.engine.errors import DinoCellError, TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dinocell_training.data.source import SourceConfig


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


@dataclass(frozen=True, slots=True)
class FoundPairs:
    """What a folder holds."""

    pairs: tuple[Pair, ...]
    remarks: tuple[PairRemark, ...]


def find_pairs(folder: Path, sources: Sequence[SourceConfig]) -> list[Pair]:
    """All pairs below `folder` that belong to one of the sources, sorted by name.

    Raises
    ------
    TrainingDataError
        If the folder is missing, holds no pair, or a manifest lacks a column.
    """
    return list(list_pairs(folder, sources).pairs)


def list_pairs(folder: Path, sources: Sequence[SourceConfig]) -> FoundPairs:
    """Pairs as `find_pairs` gives them, and what else lies there and why it is none.

    Raises
    ------
    TrainingDataError
        As `find_pairs`.
    """
    if not folder.is_dir():
        raise TrainingDataError(
            f"Expected a folder of images and labels, but {folder} is not one."
        )
    manifest = folder / "manifest.csv"
    read = manifest_rows if manifest.is_file() else folder_rows
    rows, remarks = read(folder)
    pairs = []
    for name, label, group in rows:
        source = _source_of(name, sources)
        if source is None:
            continue
        pair = Pair(folder / name, folder / label, name, group, source)
        missing = [p for p in (pair.image, pair.label) if not _exists(p)]
        if missing:
            remarks.append(PairRemark(name, f"{missing[0]} does not exist."))
        else:
            pairs.append(pair)
    if not pairs:
        raise TrainingDataError(_nothing_found(folder, sources, remarks))
    pairs.sort(key=lambda pair: pair.name)
    return FoundPairs(tuple(pairs), tuple(remarks))


def readable_pairs(found: FoundPairs) -> FoundPairs:
    """Leave out pairs that cannot be read, each with the reason; reads all pixels.

    Raises
    ------
    TrainingDataError
        If none is left.
    """
    from dinocell_training.data.read_pair import note_on_labels, read_pair

    good, remarks = [], list(found.remarks)
    for pair in found.pairs:
        try:
            read_pair(pair)
            note = note_on_labels(pair)
        except DinoCellError as error:
            remarks.append(PairRemark(pair.name, str(error)))
            continue
        good.append(pair)
        if note:
            remarks.append(PairRemark(pair.name, note, left_out=False))
    if not good:
        raise TrainingDataError(
            f"None of the {len(found.pairs)} pairs can be used. {remarks[-1].name}: "
            f"{remarks[-1].text}"
        )
    return FoundPairs(tuple(good), tuple(remarks))


def _nothing_found(
    folder: Path, sources: Sequence[SourceConfig], remarks: Sequence[PairRemark]
) -> str:
    missing = [r for r in remarks if r.text.endswith("does not exist.")]
    if missing:
        return (
            f"{folder / 'manifest.csv'} lists {len(missing)} files that do not exist, "
            f"the first is {missing[0].name}: {missing[0].text} Correct the manifest "
            "or restore the files."
        )
    return (
        f"Found no image with labels in {folder}. Expected a manifest.csv, or "
        f"pairs such as cells.tif + cells_label.tif (also _labels, _masks) that "
        f"match one of the patterns {[s.pattern for s in sources]}."
    )


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


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no name that a file can have
        return False


def _source_of(name: str, sources: Sequence[SourceConfig]) -> SourceConfig | None:
    return next((s for s in sources if fnmatchcase(name, s.pattern)), None)
