"""Divisions: a cell in whose place two smaller ones lie in the next frame, and stay.

Judged by size and place alone, since intensities differ from stain to stain:

- The two lie around the place of the mother: their common centre of mass is hers.
- They are of similar size, each smaller than she was, and together about as large.
- Both live on. A cell that is cut in two by mistake is one again some frames later,
  and a piece that is there once was none. What the last frame shows for the first time
  has the benefit of the doubt.

One of the two may have kept the mother's id, as linking by overlap does it. The mother
may be missing in the frame before: rounded cells are faint.

The bounds are those of nuclei with a fluorescent histone, whose metaphase plates are a
third of the nucleus, and hold for whole cells, which part in halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.lineage.observe import Observations
    from napari_dinocell.engine.measure.runs import Index

LONGEST_WAY = 1.4
"""Of a daughter from the mother's centre, in diameters of a disc of her size."""

LARGEST_OFFSET = 0.45
"""Of the daughters' common centre from the mother's, in the same diameters."""

SMALLEST_SISTER = 0.45
"""Size of the smaller daughter relative to the larger one."""

LARGEST_DAUGHTER = 0.9
"""Size of the larger daughter, relative to the mother's largest of late."""

TOGETHER = 0.3, 2.0
"""Least size of both relative to her largest of late, and most, to her smallest."""

RECENT_FRAMES = 3
"""Frames before a division whose sizes count: a mother shrinks to a plate."""

LONGEST_GAP = 2
"""Frames from the mother to her daughters; 2 if she is missing in the one between."""

FRAMES_TO_LIVE = 2
"""Frames in which a daughter must be, unless the stack ends before."""

HEALED = 0.8
"""Size of one, after the other has gone, relative to both: they were one cell."""


@dataclass(frozen=True, slots=True, order=True)
class Division:
    """A mother and her daughters, by their rows in `Observations`."""

    cost: float
    """The lower, the more it looks like one."""
    mother: int
    """Row of her last frame."""
    daughters: tuple[int, int]
    """Rows of their first frame, which is the same."""


def find_divisions(seen: Observations, *, z_step: float = 1.0) -> list[Division]:
    """Find all divisions; no cell is in two as a daughter, nor at a time as a mother.

    Parameters
    ----------
    seen
        Linked cells.
    z_step
        Distance between the slices of volumes, in pixels along Y and X.

    Returns
    -------
    By frame of the daughters, then by row.
    """
    history = seen.rows_by_cell()
    candidates = _Candidates(seen, history, z_step)
    found = sorted(
        division
        for frame in range(1, seen.frame_count)
        for division in candidates.at(frame)
    )
    taken: set[tuple[str, int]] = set()
    divisions = []
    for division in found:
        roles = {("mother", division.mother)}
        roles |= {("daughter", row) for row in division.daughters}
        if not roles & taken:
            taken |= roles
            divisions.append(division)
    return sorted(divisions, key=lambda d: (seen.frames[d.daughters[0]], d.mother))


class _Candidates:
    """Pairs of cells that could be the daughters of a third."""

    def __init__(
        self, seen: Observations, history: dict[int, Index], z_step: float
    ) -> None:
        self._seen = seen
        self._history = history
        self._places = seen.places(z_step)
        self._diameters = seen.diameters(z_step)
        starts = np.searchsorted(seen.frames, np.arange(seen.frame_count + 1))
        self._frames = [np.arange(*pair) for pair in pairwise(starts)]
        firsts = np.zeros(len(seen.frames), np.bool_)
        firsts[[rows[0] for rows in history.values()]] = True
        self._is_first = firsts
        self._before = np.full(len(seen.frames), -1, np.int64)
        self._after = self._before.copy()
        for rows in history.values():
            self._before[rows[1:]] = rows[:-1]
            self._after[rows[:-1]] = rows[1:]

    def at(self, frame: int) -> Iterator[Division]:
        """Those whose daughters are there for the first time in a frame."""
        here = self._frames[frame]
        born = here[self._is_first[here]]
        if not len(born):
            return
        for mother in self._mothers(frame):
            near = self._near(mother, born)
            if not len(near):
                continue
            after = self._after[mother]
            if after < 0:
                pairs = [(a, b) for n, a in enumerate(near) for b in near[n + 1 :]]
            elif self._seen.frames[after] == frame:
                pairs = [(after, b) for b in near]
            else:
                continue
            yield from self._judged(mother, pairs)

    def _mothers(self, frame: int) -> list[int]:
        """Rows of all cells in the last frame before this one that they are in."""
        rows: list[int] = []
        for gap in range(1, min(LONGEST_GAP, frame) + 1):
            there = self._frames[frame - gap]
            after = self._after[there]
            later = np.where(after < 0, frame, self._seen.frames[after])
            rows.extend(there[later >= frame].tolist())
        return rows

    def _near(self, mother: int, born: Index) -> Index:
        ways = np.linalg.norm(self._places[born] - self._places[mother], axis=1)
        near: Index = born[ways <= LONGEST_WAY * self._diameters[mother]]
        return near

    def _judged(self, mother: int, pairs: list[tuple[int, int]]) -> Iterator[Division]:
        for one, other in pairs:
            cost = self._cost(mother, one, other)
            if cost is not None and self._live_on(one, other):
                yield Division(cost, mother, (int(one), int(other)))

    def _cost(self, mother: int, one: int, other: int) -> float | None:
        """How little they look like mother and daughters; None if not at all."""
        areas = self._seen.areas
        small, large = sorted((areas[one], areas[other]))
        recent = areas[self._recent(mother)]
        together = small + large
        if (
            small < SMALLEST_SISTER * large
            or large > LARGEST_DAUGHTER * recent.max()
            or together < TOGETHER[0] * recent.max()
            or together > TOGETHER[1] * recent.min()
        ):
            return None
        middle = self._places[one] * areas[one] + self._places[other] * areas[other]
        away = np.linalg.norm(middle / together - self._places[mother])
        offset = away / self._diameters[mother]
        way = np.linalg.norm(self._places[one] - self._places[mother])
        too_far = way > LONGEST_WAY * self._diameters[mother]
        if offset > LARGEST_OFFSET or too_far:
            return None
        return float(offset + np.log(large / small))

    def _recent(self, row: int) -> list[int]:
        rows = [row]
        while len(rows) < RECENT_FRAMES and self._before[rows[-1]] >= 0:
            rows.append(int(self._before[rows[-1]]))
        return rows

    def _live_on(self, one: int, other: int) -> bool:
        return (
            self._lives(one)
            and self._lives(other)
            and not self._healed(one, other)
            and not self._healed(other, one)
        )

    def _lives(self, row: int) -> bool:
        last = self._history[int(self._seen.cells[row])][-1]
        until = min(self._seen.frames[row] + FRAMES_TO_LIVE, self._seen.frame_count)
        return bool(self._seen.frames[last] >= until - 1)

    def _healed(self, gone: int, other: int) -> bool:
        """Whether one ends where the other grows to the size of both."""
        frames, areas = self._seen.frames, self._seen.areas
        last = self._history[int(self._seen.cells[gone])][-1]
        rest = self._history[int(self._seen.cells[other])]
        before = rest[frames[rest] == frames[last]]
        after = rest[frames[rest] == frames[last] + 1]
        if not (len(before) and len(after)):
            return False
        both = areas[last] + areas[before[0]]
        grown = areas[after[0]] > 1.2 * areas[before[0]]
        return bool(grown and areas[after[0]] >= HEALED * both)
