"""The ground truth of one plane: every pixel belongs to one cell at most.

Knows depths and ids, no kind of cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import label

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field, Place
    from napari_dinocell.engine.arrays import Labels, Shape2D

SMALLEST_PIECE = 12
"""Pixels; what the image border leaves of a cell below that is no cell to anybody."""


class LabelPlane:
    """A plane of (Y, X) pixels that cells claim by their depth."""

    def __init__(self, shape: Shape2D) -> None:
        self._depth = np.ones(shape, np.float32)
        self._labels = np.zeros(shape, np.int32)

    def claim(self, cell: int, place: Place, depth: Field) -> None:
        """Take the pixels with a depth below 1, unless another cell is deeper there."""
        deeper = depth < self._depth[place]
        self._depth[place][deeper] = depth[deeper]
        self._labels[place][deeper] = cell

    def labels(self) -> Labels:
        """Ids of all pixels, each cell one connected region."""
        return one_piece_each(self._labels)


def one_piece_each(labels: Labels, *, smallest: int = SMALLEST_PIECE) -> Labels:
    """Keep the largest piece of every id, unless that has below `smallest` pixels."""
    pieces = label(labels, background=0, connectivity=1)
    sizes = np.bincount(pieces.ravel())
    owner = np.zeros(len(sizes), np.int32)
    owner[pieces.ravel()] = labels.ravel()
    by_size = np.argsort(-sizes[1:], kind="stable") + 1
    _, largest = np.unique(owner[by_size], return_index=True)
    kept = by_size[largest]
    kept = kept[sizes[kept] >= smallest]
    id_of_piece = np.zeros(len(sizes), np.int32)
    id_of_piece[kept] = owner[kept]
    result: Labels = id_of_piece[pieces]
    return result


def renumbered(labels: Labels) -> Labels:
    """The same cells with ids 1, 2, ... in the order of their ids."""
    present = np.bincount(labels.ravel()) > 0
    present[0] = False
    renumber = np.cumsum(present, dtype=np.int32)
    renumber[0] = 0
    result: Labels = renumber[labels]
    return result
