"""Holes: background that one single cell encloses becomes part of this cell.

Knows nothing of distances and thresholds, only of finished labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.watershed.terrain import Sites

_OUTSIDE = 1
"""Number of the background that touches the border: components are numbered in
reading order, and the rim comes first."""


def fill_holes(labels: Labels) -> Labels:
    """Fill the holes of each cell, **in place**.

    A hole is a 4-connected region of background that does not touch the border of the
    plane and whose 4-neighbours all belong to one cell. Background between two cells
    stays, and so does a ring of background with another cell inside. In a volume,
    holes are filled slice by slice, as they are seen.

    Parameters
    ----------
    labels
        Instance ids ((Z,) Y, X) of any integer type and memory layout; 0 is background.

    Returns
    -------
    The same array. No cell appears, disappears or loses a pixel.
    """
    if labels.ndim > 2:
        for plane in labels:
            fill_holes(plane)
        return labels
    rows, columns, hole = _enclosed_background(labels)
    if hole.size == 0:
        return labels
    count = int(hole.max()) + 1
    owner = np.zeros(count, labels.dtype)
    shared = np.zeros(count, np.bool_)
    # Enclosed background never touches the border, so that all neighbours exist.
    around = [
        labels[rows + down, columns + right]
        for down, right in ((-1, 0), (0, -1), (0, 1), (1, 0))
    ]
    for ids in around:
        cell = np.flatnonzero(ids)  # one neighbour's id stays: the last that is written
        owner[hole[cell]] = ids[cell]
    for ids in around:
        shared[hole[(ids != 0) & (ids != owner[hole])]] = True
    owner[shared] = 0
    labels[rows, columns] = owner[hole]
    return labels


def _enclosed_background(labels: Labels) -> tuple[Sites, Sites, NDArray[np.int32]]:
    """Rows, columns and component of the background that never meets the border.

    A rim of background joins all components that touch the border into one, so that
    only the few pixels of the others are left to look at.
    """
    height, width = labels.shape
    background = np.ones((height + 2, width + 2), np.uint8)
    np.equal(labels, 0, out=background[1:-1, 1:-1].view(np.bool_))
    _, components = cv2.connectedComponents(
        background, connectivity=4, ltype=cv2.CV_32S
    )
    sites = np.flatnonzero(components > _OUTSIDE)
    rows, columns = np.divmod(sites, width + 2)
    return rows - 1, columns - 1, components.ravel()[sites]
