"""Cells that the border of the image cuts, from the distance map.

The map of a cell rises to 1 at its innermost point. Where that lies outside the image,
the map of what is left ends at the border, below the seed threshold: the cell is not
found, or found in some of the frames only, and its track is missing or in pieces.

Such a cell is foreground without a cell whose summit is a pixel of the border, for
which a lower threshold will do. Elsewhere nothing is added: a low summit inside the
image is none that the border explains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.overlap import checked_labels

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Labels, Mask
    from napari_dinocell.engine.overlap import AnyLabels

SUMMIT = 0.2
"""Least distance at the border; chosen on one made-up scene (benchmarks/lineages.py),
where all pieces above it are cells, and some below it are none."""

FOREGROUND = 0.07
"""Distance that pixels of a cell are above: that of the bundled model."""

_EDGES = (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1])


def add_cut_cells(labels: AnyLabels, distance_map: DistanceMap) -> Labels:
    """Add the cells that the border cuts, and that have not been found.

    Parameters
    ----------
    labels
        Integer ids (Y, X) of one frame; 0 is background.
    distance_map
        (Y, X), 0 to 1: that of the same frame (`Segmenter.distance_map`).

    Returns
    -------
    (Y, X), int32: `labels`, and further cells, connected by edges, with new ids, where
    there was background. They have no pixel next to a cell at their summit.

    Raises
    ------
    ImageError
        If the map has another shape, the dtype of `labels` is no integer, or an id is
        negative.
    """
    result = checked_labels(labels, "frame").astype(np.int32)  # a copy
    if distance_map.shape != result.shape:
        raise ImageError(
            f"Expected a distance map of the shape of the labels, {result.shape}, got "
            f"{distance_map.shape}. Give the maps of the same frames."
        )
    found = result > 0
    pieces, count = ndimage.label((distance_map > FOREGROUND) & ~found)
    outermost = np.concatenate([pieces[edge] for edge in _EDGES])
    candidates = np.unique(outermost[outermost > 0])
    summits = ndimage.maximum_position(distance_map, pieces, candidates)
    cut = [
        piece
        for piece, summit in zip(candidates, summits, strict=True)
        if _shows_cut_cell(summit, distance_map, found)
    ]
    names = np.zeros(count + 1, np.int32)
    names[cut] = int(result.max(initial=0)) + 1 + np.arange(len(cut))
    result += names[pieces]
    return result


def _shows_cut_cell(
    summit: tuple[int, int], distance_map: DistanceMap, found: Mask
) -> bool:
    """Whether a summit is high, on the border, and not the rim of a cell beside it."""
    y, x = summit
    height, width = found.shape
    beside = found[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
    return bool(
        (y in (0, height - 1) or x in (0, width - 1))
        and distance_map[y, x] >= SUMMIT
        and not beside.any()
    )
