"""Folders as the Cell Tracking Challenge has them: masks and `res_track.txt`.

https://celltrackingchallenge.net: `mask000.tif`, ... hold ids (uint16), one file per
frame, with all slices of volumes. A line "L B E P" of the table is a track: id, first
and last frame, and the id of the track it comes from, or 0. A track is in all its
frames: after a gap it goes on under another id, whose P is the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.lineage.find import split_at_gaps
from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.results.stack_lineage import read_lineage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.lineage.rename import Renames

TABLE = "res_track.txt"
LARGEST_ID = 65_535


def write_ctc(
    folder: Path, stack: LabelStack, *, pixel_size: PixelSize | None = None
) -> None:
    """Make a folder of masks and their table; one frame is in memory at a time.

    Ids are kept, unless they have more than 16 bits: then they are counted anew.

    Raises
    ------
    ExportError
        If cells are not linked, or there are more than 65535 tracks.
    """
    found = read_lineage(stack, pixel_size=pixel_size)
    lineage, gaps = split_at_gaps(found.seen, found.lineage)
    numbers = _numbers([track.id for track in lineage.tracks])
    folder.mkdir()
    lines = [
        f"{numbers[t.id]} {t.first} {t.last} {numbers[t.parent]}\n"
        for t in lineage.tracks
    ]
    (folder / TABLE).write_text("".join(lines), encoding="ascii")
    digits = max(3, len(str(found.seen.frame_count - 1)))
    final: Renames = {old: [(0, new)] for old, new in numbers.items() if old != new}
    for frame, labels in enumerate(_frames(stack)):
        for names in (found.names, gaps, final):
            labels = rename_cells(labels, names, frame)
        tifffile.imwrite(
            folder / f"mask{frame:0{digits}}.tif",
            labels.astype(np.uint16),
            photometric="minisblack",
            compression="zlib",
        )


def is_ctc_folder(folder: Path) -> bool:
    """Whether a folder is such an export, and holds nothing else."""
    names = {path.name for path in folder.iterdir()}
    masks = [n for n in names if n.startswith("mask") and n.endswith(".tif")]
    return TABLE in names and len(masks) == len(names) - 1


def _frames(stack: LabelStack) -> Iterator[NDArray[np.integer[Any]]]:
    """Planes (Y, X), or volumes (Z, Y, X)."""
    if "Z" not in stack.axes:
        yield from (page.labels for page in stack.pages())
        return
    slices = []
    for page in stack.pages():
        slices.append(page.labels)
        if len(slices) == stack.counts[-1]:
            yield np.stack(slices)
            slices = []


def _numbers(ids: list[int]) -> dict[int, int]:
    """What ids are called in 16 bits; 0 stays 0."""
    if max(ids, default=0) <= LARGEST_ID:
        return {0: 0} | {cell: cell for cell in ids}
    if len(ids) > LARGEST_ID:
        raise ExportError(
            f"The Cell Tracking Challenge has room for {LARGEST_ID} tracks, and these "
            f"are {len(ids)}. Export fewer frames or a part of the field."
        )
    return {0: 0} | {cell: number for number, cell in enumerate(ids, start=1)}
