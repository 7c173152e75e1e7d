"""Regions that blocks know a part of each are joined over the seams between blocks.

A block numbers its parts that reach its border 1 to E and gives the numbers along its
four sides; parts that touch across a seam belong to one region of the plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.blocks.grid import BlockGrid

    Numbers = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The outermost pixels of a block, each side from top or left on."""

    top: Numbers
    bottom: Numbers
    left: Numbers
    right: Numbers

    @classmethod
    def of(cls, block: Numbers) -> Sides:
        """The sides of an array (Y, X)."""
        edges = (block[0], block[-1], block[:, 0], block[:, -1])
        return cls(*(edge.copy() for edge in edges))

    def all(self) -> Numbers:
        """All four, one after the other."""
        return np.concatenate([self.top, self.bottom, self.left, self.right])


def border_first(
    numbers: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], int]:
    """Renumber the parts 1 to `count` of a block: those at its border come first.

    Parameters
    ----------
    numbers
        (Y, X): part of each pixel, 0 for none.

    Returns
    -------
    (Y, X), and how many parts reach the border. Their numbers depend on the sides
    alone.
    """
    around = Sides.of(numbers).all()
    found, first = np.unique(around, return_index=True)
    outer = found[np.argsort(first)]
    outer = outer[outer > 0]
    inner = np.ones(count + 1, np.bool_)
    inner[0] = False
    inner[outer] = False
    table = np.zeros(count + 1, np.int32)
    table[outer] = 1 + np.arange(outer.size)
    table[inner] = 1 + outer.size + np.arange(np.count_nonzero(inner))
    return table[numbers], int(outer.size)


def facing(
    grid: BlockGrid, sides: Sequence[Sides]
) -> Iterator[tuple[int, int, Numbers, Numbers]]:
    """Both sides of each seam: two blocks, and the numbers of either along it."""
    rows, columns = grid.counts
    for block in range(len(grid)):
        row, column = divmod(block, columns)
        if column + 1 < columns:
            yield block, block + 1, sides[block].right, sides[block + 1].left
        if row + 1 < rows:
            below = block + columns
            yield block, below, sides[block].bottom, sides[below].top


def number_over_plane(
    grid: BlockGrid,
    parts: Sequence[Sides],
    outer: Sequence[int],
    counts: Sequence[int],
) -> tuple[int, list[Numbers]]:
    """Number the parts of all blocks, those at borders first, as those of the plane.

    Parameters
    ----------
    parts
        Of each block, the numbers along its sides.
    outer, counts
        Of each block, how many parts reach its border, and how many there are.

    Returns
    -------
    How many there are in the plane, and for each block the number (P + 1,) of its parts
    there; entry 0 is -1.
    """
    total, joined = join_parts(grid, parts, outer)
    numbers = []
    for reaching, count in zip(joined, counts, strict=True):
        inner = np.arange(total, total + count + 1 - reaching.size)
        numbers.append(np.concatenate([reaching, inner]))
        total += inner.size
    return total, numbers


def join_parts(
    grid: BlockGrid, parts: Sequence[Sides], counts: Sequence[int]
) -> tuple[int, list[NDArray[np.int32]]]:
    """Join the parts of all blocks into regions of the plane.

    Parameters
    ----------
    parts
        Of each block, the numbers along its sides.
    counts
        Of each block, how many parts reach its border.

    Returns
    -------
    Number of regions, and for each block the region (E + 1,) of its parts; entry 0 is
    -1.
    """
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    links = [np.zeros((2, 0), np.int64)]
    for block, other, one, two in facing(grid, parts):
        both = (one > 0) & (two > 0)
        pair = np.stack([starts[block] + one[both] - 1, starts[other] + two[both] - 1])
        links.append(np.unique(pair, axis=1))
    ones, others = np.concatenate(links, axis=1)
    size = int(starts[-1])
    matrix = coo_array((np.ones(ones.size, np.bool_), (ones, others)), (size, size))
    count, region = connected_components(matrix, directed=False)
    nothing = np.full(1, -1, np.int32)
    return int(count), [
        np.concatenate([nothing, region[start:stop]])
        for start, stop in pairwise(starts.tolist())
    ]
