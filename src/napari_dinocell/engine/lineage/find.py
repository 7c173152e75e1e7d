"""From linked cells to a lineage, and the lines that lead from cell to cell."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.lineage.divisions import find_divisions
from napari_dinocell.engine.lineage.rename import name_at
from napari_dinocell.engine.lineage.stitch import compose, stitch_tracks
from napari_dinocell.engine.lineage.table import Lineage, Track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.lineage.observe import Observations
    from napari_dinocell.engine.measure.runs import Index


def find_lineage(
    seen: Observations, *, z_step: float = 1.0
) -> tuple[Lineage, dict[int, list[tuple[int, int]]]]:
    """Find who is whose daughter.

    Parameters
    ----------
    seen
        Linked cells: an id is one cell, or a mother and then one of her daughters.
    z_step
        Distance between the slices of volumes, in pixels along Y and X.

    Returns
    -------
    The lineage, and the new ids of daughters that had kept their mother's, and of cells
    that overlap had lost: its tracks are called so.
    """
    stitched = stitch_tracks(seen, z_step=z_step)
    freed = {steps[0]: cell for cell, steps in stitched.items()}
    seen = seen.renamed(stitched)
    newest = int(seen.cells.max(initial=0))
    names: dict[int, list[tuple[int, int]]] = {}
    parents: dict[int, int] = {}
    for division in find_divisions(seen, z_step=z_step):
        cell = int(seen.cells[division.mother])
        mother = names[cell][-1][1] if cell in names else cell
        for row in division.daughters:
            daughter = int(seen.cells[row])
            if daughter == cell:
                step = int(seen.frames[row]), cell
                newest += step not in freed
                daughter = freed.get(step, newest)
                names.setdefault(cell, []).append((step[0], daughter))
            parents[daughter] = mother
    lineage = make_lineage(seen.renamed(names), parents)
    return lineage, compose(stitched, names)


def make_lineage(seen: Observations, parents: Mapping[int, int]) -> Lineage:
    """Lineage of cells whose mothers are known, by id of the daughter.

    Raises
    ------
    EditError
        If a mother is none of the cells, or lives on beside her daughter.
    """
    return Lineage.of(
        Track(
            id=cell,
            first=int(seen.frames[rows[0]]),
            last=int(seen.frames[rows[-1]]),
            parent=parents.get(cell, 0),
        )
        for cell, rows in seen.rows_by_cell().items()
    )


def holding_parents(seen: Observations, declared: Mapping[int, int]) -> dict[int, int]:
    """Mothers by daughters of those declared ones that hold for cells as they are.

    Both are there, and the mother ends before her daughter begins.
    """
    spans = {
        cell: (int(seen.frames[rows[0]]), int(seen.frames[rows[-1]]))
        for cell, rows in seen.rows_by_cell().items()
    }
    return {
        cell: mother
        for cell, mother in declared.items()
        if cell in spans and mother in spans and spans[mother][1] < spans[cell][0]
    }


def split_at_gaps(
    seen: Observations, lineage: Lineage
) -> tuple[Lineage, dict[int, list[tuple[int, int]]]]:
    """A new id after every gap, for formats in which a cell is in all its frames.

    Returns
    -------
    The lineage, in which what comes after a gap is the only child of what was before,
    and the new ids.
    """
    newest = int(seen.cells.max(initial=0))
    names: dict[int, list[tuple[int, int]]] = {}
    parents = {track.id: track.parent for track in lineage.tracks if track.parent}
    for cell, rows in seen.rows_by_cell().items():
        frames, latest = seen.frames[rows].tolist(), cell
        for before, after in pairwise(frames):
            if after > before + 1:
                newest += 1
                names.setdefault(cell, []).append((after, newest))
                parents[newest] = latest
                latest = newest
    for track in lineage.tracks:
        if track.parent in names:
            parents[track.id] = name_at(names, track.parent, track.first - 1)
    return make_lineage(seen.renamed(names), parents), names


def find_links(seen: Observations, lineage: Lineage) -> Index:
    """Rows (E, 2) of each cell and of itself, or its daughter, in the next frame."""
    rows = seen.rows_by_cell()
    links = [pair for own in rows.values() for pair in pairwise(own.tolist())]
    links += [
        (int(rows[track.parent][-1]), int(rows[track.id][0]))
        for track in lineage.tracks
        if track.parent
    ]
    return np.array(sorted(links), np.int64).reshape(-1, 2)
