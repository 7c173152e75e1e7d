"""Holes across blocks: background that one single cell encloses, wherever it lies.

By the definition of `watershed.fill_holes`. Background that stays inside of a block is
judged there. Of the rest, each block tells which cells it touches and where it reaches
the border of the block; joined over the seams, it is judged as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.blocks.seams import (
    Sides,
    border_first,
    facing,
    join_parts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels, Mask, Shape2D
    from napari_dinocell.engine.blocks.grid import BlockGrid, Window


@dataclass(frozen=True, slots=True, eq=False)
class OpenBackground:
    """The background of one block that reaches the block's border."""

    parts: Sides
    """Number of the part that each pixel of the border belongs to, 0 for cells."""
    cells: Sides
    """Ids of those pixels."""
    owner: NDArray[np.int32]
    """(E + 1,): a cell that each part touches inside of the block, 0 for none."""
    shared: Mask
    """(E + 1,): whether there are others, or the plane ends there."""


def open_background(labels: Labels, block: Window, shape: Shape2D) -> OpenBackground:
    """What a block has to tell of its background.

    Parameters
    ----------
    labels
        (Y, X) of the block, holes not filled yet.
    block
        Where it lies in the plane.
    shape
        Height and width of the plane.
    """
    parts, count, outer = _background(labels)
    owner, shared = _owners(labels, parts, count)
    sides = Sides.of(parts)
    ends = (
        (block.top == 0, sides.top),
        (block.bottom == shape[0], sides.bottom),
        (block.left == 0, sides.left),
        (block.right == shape[1], sides.right),
    )
    for end, numbers in ends:
        if end:
            shared[numbers] = True
    return OpenBackground(
        sides, Sides.of(labels), owner[: outer + 1], shared[: outer + 1]
    )


def owners_of_holes(
    grid: BlockGrid, blocks: Sequence[OpenBackground]
) -> list[NDArray[np.int32]]:
    """Judge the background that crosses seams.

    Returns
    -------
    For each block the id (E + 1,) that fills each of its parts, 0 for none.
    """
    parts = [block.parts for block in blocks]
    count, regions = join_parts(grid, parts, [b.owner.size - 1 for b in blocks])
    where, ids = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    shared = np.zeros(count, np.bool_)
    for own, region in zip(blocks, regions, strict=True):
        shared[region[1:][own.shared[1:]]] = True
        where.append(region[1:])
        ids.append(own.owner[1:])
    cells = [block.cells for block in blocks]
    seams = zip(facing(grid, parts), facing(grid, cells), strict=True)
    for (block, other, one, two), (_, _, cell, far_cell) in seams:
        where += [regions[block][one], regions[other][two]]
        ids += [np.where(one > 0, far_cell, 0), np.where(two > 0, cell, 0)]
    touched, cell_ids = np.concatenate(where), np.concatenate(ids)
    touched, cell_ids = touched[cell_ids > 0], cell_ids[cell_ids > 0]
    owner = np.zeros(count + 1, np.int32)  # the last one stands for no region
    owner[touched] = cell_ids
    shared[touched[cell_ids != owner[touched]]] = True
    owner[:-1][shared] = 0
    return [owner[region] for region in regions]


def fill_block_holes(labels: Labels, owners: NDArray[np.int32]) -> Labels:
    """Fill the holes of a block, in place.

    Parameters
    ----------
    labels
        (Y, X) of the block, as `open_background` has seen them.
    owners
        (E + 1,): what `owners_of_holes` says of the block.

    Returns
    -------
    The same array.
    """
    parts, count, outer = _background(labels)
    owner, shared = _owners(labels, parts, count)
    owner[shared] = 0
    owner[: outer + 1] = owners
    where = np.flatnonzero((owner > 0)[parts.ravel()])
    labels.ravel()[where] = owner[parts.ravel()[where]]
    return labels


def _background(labels: Labels) -> tuple[NDArray[np.int32], int, int]:
    """Part of each background pixel, number of parts, and of those at the border."""
    background = np.equal(labels, 0).view(np.uint8)
    count, parts = cv2.connectedComponents(background, connectivity=4, ltype=cv2.CV_32S)
    numbers, outer = border_first(parts, count - 1)
    return numbers, count - 1, outer


def _owners(
    labels: Labels, parts: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], Mask]:
    """(P + 1,): a cell that each part touches, and whether it touches others."""
    found = [_touching(labels, parts, axis) for axis in (0, 1)]
    part, cell = np.concatenate(found, axis=1)
    owner = np.zeros(count + 1, np.int32)
    owner[part] = cell
    shared = np.zeros(count + 1, np.bool_)
    shared[part[cell != owner[part]]] = True
    return owner, shared


def _touching(labels: Labels, parts: NDArray[np.int32], axis: int) -> NDArray[Any]:
    """(2, M): parts of the background, and cells beside them along an axis."""
    before, after = (
        np.s_[:-1] if axis == 0 else np.s_[:, :-1],
        np.s_[1:] if axis == 0 else np.s_[:, 1:],
    )
    pairs = []
    for background, cell in ((before, after), (after, before)):
        meet = (labels[background] == 0) & (labels[cell] > 0)
        pairs.append(np.stack([parts[background][meet], labels[cell][meet]]))
    return np.concatenate(pairs, axis=1)
