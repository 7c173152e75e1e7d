"""New labels in the consolidated metadata of a store, for readers that trust these.

Some writers keep a copy of all metadata at the root (`.zmetadata`, or a part of
`zarr.json`). Zarr's readers believe it, and would not see labels that it lacks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.images.file_kinds import ZARR_METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_dinocell.engine.results.zarr_labels.reversible import WriteJson

INLINE = "consolidated_metadata"
"""Where `zarr.json` has its copies."""

COPIES = ".zmetadata"
"""Where Zarr 2 has them."""


def update_copies(labels: Path, write: WriteJson) -> None:
    """Enter a label image, and the list it is in, wherever metadata are consolidated.

    Parameters
    ----------
    labels
        Group of the label image, IMAGE/labels/NAME, in its place.
    write
        Replaces a file.
    """
    for path, values in _updated_copies(labels):
        write(path, values)


def _updated_copies(labels: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for root in _groups_around(labels.parent.parent):
        for path in (root / COPIES, root / "zarr.json"):
            values = _read(path)
            holder = values if path.name == COPIES else values.get(INLINE)
            if not isinstance(holder, dict) or "metadata" not in holder:
                continue
            update = _entries_2 if path.name == COPIES else _entries_3
            kept = holder["metadata"]
            inside = labels.relative_to(root).as_posix()
            former = [k for k in kept if k == inside or k.startswith(f"{inside}/")]
            for key in former:
                del kept[key]
            kept.update(update(root, labels))
            yield path, values


def _groups_around(image: Path) -> Iterator[Path]:
    """The image's group and those that it lies in."""
    for folder in (image, *image.parents):
        if not any((folder / name).is_file() for name in ZARR_METADATA):
            return
        yield folder


def _entries_2(root: Path, labels: Path) -> dict[str, Any]:
    found = {}
    for folder in (labels.parent, labels, *_levels(labels)):
        for name in (".zgroup", ".zarray", ".zattrs"):
            if (folder / name).is_file():
                key = (folder / name).relative_to(root).as_posix()
                found[key] = _read(folder / name)
    return found


def _entries_3(root: Path, labels: Path) -> dict[str, Any]:
    found = {}
    for folder in (labels.parent, labels, *_levels(labels)):
        values = _read(folder / "zarr.json")
        values.pop(INLINE, None)
        found[folder.relative_to(root).as_posix()] = values
    return found


def _levels(labels: Path) -> list[Path]:
    return sorted(
        folder
        for folder in labels.iterdir()
        if (folder / ".zarray").is_file() or (folder / "zarr.json").is_file()
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
