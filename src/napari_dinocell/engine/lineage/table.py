"""The table of a lineage: id, first and last frame, and mother of each cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, order=True)
class Track:
    """One cell, from its first frame or birth to its last or division."""

    id: int
    first: int
    """Frame, counted from 0."""
    last: int
    """Frame; the cell may be missing in frames between."""
    parent: int = 0
    """Id of the mother; 0 where there is none, or she was not seen."""


@dataclass(frozen=True)
class Lineage:
    """All tracks of a time-lapse.

    Raises
    ------
    EditError
        If an id occurs twice or a parent is none of the cells, or lives on beside her
        daughter.
    """

    tracks: tuple[Track, ...]
    """By id."""

    def __post_init__(self) -> None:
        if len(self.by_id) != len(self.tracks):
            raise EditError("Expected every cell once in a lineage. Remove the others.")
        for track in self.tracks:
            if track.parent:
                _check_parent(track, self.by_id)

    @classmethod
    def of(cls, tracks: Iterable[Track]) -> Lineage:
        """From tracks in any order."""
        return cls(tuple(sorted(tracks)))

    @cached_property
    def by_id(self) -> dict[int, Track]:
        """Tracks by id."""
        return {track.id: track for track in self.tracks}

    @cached_property
    def children(self) -> dict[int, tuple[int, ...]]:
        """Ids of the daughters of each mother."""
        found: dict[int, list[int]] = {}
        for track in self.tracks:
            if track.parent:
                found.setdefault(track.parent, []).append(track.id)
        return {mother: tuple(daughters) for mother, daughters in found.items()}

    def renamed(self, names: Mapping[int, int]) -> Lineage:
        """The same tracks under other ids; `names` has all of them."""
        known = {0: 0, **names}
        return Lineage.of(
            replace(track, id=known[track.id], parent=known[track.parent])
            for track in self.tracks
        )

    @property
    def division_count(self) -> int:
        """Cells with two daughters or more."""
        return sum(len(daughters) > 1 for daughters in self.children.values())

    def with_parent(self, cell: int, parent: int) -> Lineage:
        """Give a cell another mother, or none (0).

        Raises
        ------
        EditError
            If one of them is not there, or the mother lives on beside her daughter.
        """
        if cell not in self.by_id:
            raise EditError(f"There is no cell {cell} in this lineage.")
        return Lineage(
            tuple(
                replace(track, parent=parent) if track.id == cell else track
                for track in self.tracks
            )
        )


def _check_parent(track: Track, known: Mapping[int, Track]) -> None:
    mother = known.get(track.parent)
    if mother is None:
        raise EditError(
            f"Cell {track.id} has the parent {track.parent}, which is no cell. Choose "
            "the id of a cell, or 0 for none."
        )
    if mother.last >= track.first:
        raise EditError(
            f"Cell {track.id} begins in frame {track.first}, when cell {mother.id}, "
            f"seen until frame {mother.last}, is still there. A mother ends before her "
            "daughters begin."
        )
