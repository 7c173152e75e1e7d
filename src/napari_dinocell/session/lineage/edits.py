"""Corrections of a lineage: what they do to the labels, and to who is whose daughter.

Plain descriptions, made from the lineage as it is; whoever owns the labels applies
them. Each is undone whole: pixels by the history of the labels, mothers by the book.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.lineage.table import Track
    from napari_dinocell.session.lineage.book import LineageBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """A cell is called otherwise from some frame on."""

    cell: int
    first: int
    """Frame."""
    name: int
    """0 makes it background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdit:
    """One correction."""

    parents: Mapping[int, int]
    """All mothers by daughters, as they are declared afterwards."""
    rename: Rename | None = None
    """What becomes of the labels; None if nothing does."""
    text: str
    """What was done, for the user."""


def split_track(book: LineageBook, cell: int, frame: int) -> LineageEdit:
    """From a frame on a cell is another one, without a mother.

    Raises
    ------
    EditError
        If the cell is not there before the frame and in it or later.
    """
    track, new = _track(book, cell), book.next_id
    _require_inside(track, frame)
    return LineageEdit(
        parents=_with_children_moved(book.parents, cell, new),
        rename=Rename(cell=cell, first=frame, name=new),
        text=f"Cell {cell} ends before frame {frame}; cell {new} begins there.",
    )


def merge_tracks(book: LineageBook, one: int, other: int) -> LineageEdit:
    """Two tracks are one cell, under the id of the earlier one.

    Raises
    ------
    EditError
        If they are the same, or both are in a frame.
    """
    if one == other:
        raise EditError(
            f"Expected two cells to merge, got {one} twice. Choose another."
        )
    early, late = sorted((_track(book, one), _track(book, other)), key=_first_frame)
    both = np.intersect1d(book.frames_of(one), book.frames_of(other))
    if len(both):
        raise EditError(
            f"Cells {one} and {other} are both in frame {both[0]}, so that they are no "
            "one cell through time. Merge their pixels in the Correct dock, or delete "
            "one of them there."
        )
    parents = book.parents
    for orphan in (late.id, *book.lineage.children.get(early.id, ())):
        parents.pop(orphan, None)  # their mother does not end there
    return LineageEdit(
        parents=_with_children_moved(parents, late.id, early.id),
        rename=Rename(cell=late.id, first=late.first, name=early.id),
        text=f"Cell {early.id} goes on as what was cell {late.id}.",
    )


def delete_track(book: LineageBook, cell: int) -> LineageEdit:
    """Take a cell out of all frames; its daughters have no mother then.

    Raises
    ------
    EditError
        If there is no such cell.
    """
    track = _track(book, cell)
    parents = {c: m for c, m in book.parents.items() if cell not in (c, m)}
    rename = Rename(cell=cell, first=track.first, name=0)
    return LineageEdit(parents=parents, rename=rename, text=f"Deleted cell {cell}.")


def set_mother(book: LineageBook, cell: int, mother: int) -> LineageEdit:
    """Give a cell a mother, or none (0).

    A mother who lives on beside the daughter divides there: what she has been from then
    on is her other daughter, with an id of its own.

    Raises
    ------
    EditError
        If one of them is not there, or the mother begins no earlier than the daughter.
    """
    track, parents = _track(book, cell), book.parents
    parents.pop(cell, None)
    if mother == 0:
        return LineageEdit(parents=parents, text=f"Cell {cell} has no mother.")
    hers = _track(book, mother)
    if hers.first >= track.first:
        raise EditError(
            f"Cell {mother} begins in frame {hers.first}, no earlier than cell {cell} "
            f"in frame {track.first}, and so is not its mother. Choose a cell that is "
            "there before."
        )
    rename = None
    text = f"Cell {cell} is a daughter of cell {mother}."
    if hers.last >= track.first:
        new = book.next_id
        parents = _with_children_moved(parents, mother, new)
        parents[new] = mother
        rename = Rename(cell=mother, first=track.first, name=new)
        text = f"Cell {mother} divides into {cell} and {new}."
    parents[cell] = mother
    return LineageEdit(parents=parents, rename=rename, text=text)


def _track(book: LineageBook, cell: int) -> Track:
    track = book.lineage.by_id.get(cell)
    if track is None:
        raise EditError(
            f"There is no cell {cell} in this lineage. Click a branch of the tree, or "
            "pick a cell in the labels."
        )
    return track


def _first_frame(track: Track) -> int:
    return track.first


def _require_inside(track: Track, frame: int) -> None:
    if not track.first < frame <= track.last:
        raise EditError(
            f"Cell {track.id} is there in frames {track.first} to {track.last}, and "
            f"cannot be split at frame {frame}. Go to a frame in which it is, after "
            "its first."
        )


def _with_children_moved(
    parents: Mapping[int, int], mother: int, new: int
) -> dict[int, int]:
    return {cell: new if own == mother else own for cell, own in parents.items()}
