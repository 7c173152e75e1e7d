"""Perimeter and neighbours of cells, from the pixels along their borders."""

from __future__ import annotations

from itertools import product
from math import hypot
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import (
    default_workers,
    map_bands,
    row_bands,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.runs import AnyLabels, Floats, Index

_ACROSS, _DOWN, _DIAGONAL = 1, 3, 9
"""A pixel's contour neighbours of each kind, counted in one number: at most 2, 2, 4."""

_DIRECTIONS = {
    (0, -1): _ACROSS,
    (0, 1): _ACROSS,
    (-1, 0): _DOWN,
    (1, 0): _DOWN,
    (-1, -1): _DIAGONAL,
    (-1, 1): _DIAGONAL,
    (1, -1): _DIAGONAL,
    (1, 1): _DIAGONAL,
}


def measure_rims(
    labels: AnyLabels, ids: Index, spacing: tuple[float, float]
) -> tuple[Floats, Index]:
    """Perimeters, and how many other cells each cell touches.

    The perimeter is the estimator of Benkrid & Crookes (Design and FPGA implementation
    of a perimeter estimator, Queen's University of Belfast), as `skimage.measure.
    perimeter` has it: pixels of the cell with a 4-neighbour outside of it are its
    contour, and each adds 1 or √2 pixels, or their mean, depending on which of its 8
    neighbours are contour. For pixels that are no squares 1 becomes the mean length
    of the pixel's steps to its contour neighbours down and across, √2 the diagonal.

    Parameters
    ----------
    labels
        Instance ids (Y, X).
    ids
        (N,) ids that occur, ascending.
    spacing
        Length of a pixel down and across.

    Returns
    -------
    Perimeters (N,) in the unit of `spacing`, and numbers of cells (N,) with a pixel
    among the 8 neighbours of a pixel of the cell.
    """
    padded = np.pad(labels, 1)
    rim = _find_rim(padded)
    sites = np.flatnonzero(rim)
    flat, flat_rim = padded.ravel(), rim.ravel()
    own = flat[sites]
    code = np.zeros(len(sites), np.intp)
    touching = []
    for (down, right), kind in _DIRECTIONS.items():
        there = sites + (down * padded.shape[1] + right)
        other = flat[there]
        code += kind * (flat_rim[there] & (other == own))
        touches = (other > own) & (own != 0)
        touching.append(np.stack([own[touches], other[touches]]))
    cells = np.searchsorted(ids, own)
    lengths = _contour_lengths(*spacing)[code]
    perimeters = np.bincount(cells, lengths, minlength=len(ids)).astype(np.float64)
    return perimeters, _count_neighbours(np.concatenate(touching, axis=1), ids)


def _find_rim(padded: AnyLabels) -> NDArray[np.bool_]:
    """Pixels of cells with a 4-neighbour that belongs to another cell or to none."""
    rim = np.zeros(padded.shape, np.bool_)
    height, width = padded.shape[0] - 2, padded.shape[1] - 2

    def find(band: slice) -> None:
        rows = slice(band.start + 1, band.stop + 1)
        centre, inside = padded[rows, 1:-1], rim[rows, 1:-1]
        np.not_equal(centre, padded[rows, :-2], out=inside)
        inside |= centre != padded[rows, 2:]
        inside |= centre != padded[band, 1:-1]
        inside |= centre != padded[rows.start + 1 : rows.stop + 1, 1:-1]
        inside &= centre != 0

    if height and width:
        map_bands(find, row_bands(height, width), workers=default_workers())
    return rim


def _count_neighbours(touching: AnyLabels, ids: Index) -> Index:
    """Distinct partners (N,) of each cell, from pairs (2, K) of touching ids.

    Cells that touch do so by two contour pixels, so that it is enough to look from
    these: where two pixels touch diagonally and one is inside its cell, the pixels
    beside both are of that cell, and touch the other one along an edge.
    """
    first, second = np.searchsorted(ids, touching)
    pairs = np.unique(first * len(ids) + second)
    partners = np.concatenate(np.divmod(pairs, max(len(ids), 1)))
    return np.bincount(partners, minlength=len(ids))


def _contour_lengths(down: float, across: float) -> Floats:
    """What a contour pixel adds to the perimeter, by the code of its neighbours."""
    lengths = np.zeros(2 * _ACROSS + 2 * _DOWN + 4 * _DIAGONAL + 1)
    diagonal = hypot(down, across)
    for a, d, x in product(range(3), range(3), range(5)):
        straight = a + d
        step = (a * across + d * down) / straight if straight else 0.0
        if (straight, x) in _STRAIGHT:
            length = step
        elif (straight, x) in _SLANTED:
            length = diagonal
        elif (straight, x) in _MIXED:
            length = (step + diagonal) / 2
        else:
            continue
        lengths[a * _ACROSS + d * _DOWN + x * _DIAGONAL] = length
    return lengths


# Numbers of straight and of diagonal contour neighbours, as in the weights of
# `skimage.measure.perimeter` (there 1 + 2 straight + 10 diagonal).
_STRAIGHT = {(2, 0), (3, 0), (2, 1), (3, 1), (2, 2), (3, 2)}
_SLANTED = {(0, 2), (1, 3)}
_MIXED = {(1, 1), (1, 2)}
