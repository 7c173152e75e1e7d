"""Labels -> the distance map that the network is taught."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import edt
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap


def distance_target(labels: NDArray[Any]) -> DistanceMap:
    """Distance of each pixel to its cell's boundary, divided by the cell's largest.

    Parameters
    ----------
    labels
        Instance ids (Y, X) of any integer dtype; 0 is background, gaps are fine.

    Returns
    -------
    Float32 (Y, X): 0 outside cells, in (0, 1] inside, 1 at each cell's innermost
    pixel. The image border is not a boundary: a cell cut by it keeps its maximum
    there, because nobody knows where the cell ends.

    Notes
    -----
    One pass over all cells at once (multi-label Euclidean distance transform,
    Felzenszwalb and Huttenlocher 2012, extended to labels by W. Silversmith).
    """
    compact, indices = np.unique(labels, return_inverse=True)
    index = indices.reshape(labels.shape).astype(np.uint32)
    if compact[0] != 0:  # no background pixel at all: keep 0 free for it
        index += 1
    distance = edt.edt(np.ascontiguousarray(index), black_border=False)
    # A single cell that fills the image has no boundary: the distance is infinite.
    distance[~np.isfinite(distance)] = 1.0
    largest = np.ones(int(index.max()) + 1, np.float32)
    np.maximum.at(largest, index.ravel(), distance.ravel())
    target: DistanceMap = distance / largest[index]
    target[index == 0] = 0.0
    return target
