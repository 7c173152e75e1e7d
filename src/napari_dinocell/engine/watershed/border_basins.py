"""Which basins reach the border of the planes: what cells are excluded by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EDGES = (np.s_[..., 0, :], np.s_[..., -1, :], np.s_[..., 0], np.s_[..., -1])
"""The outermost rows and columns, of every slice. The first and the last slice are no
border: in a stack of few slices nearly every cell lies in one of them."""


def border_basins(
    terrain: NDArray[np.float32],
    basins: NDArray[np.int32],
    foreground_threshold: float,
) -> NDArray[np.int32]:
    """Numbers of the basins with foreground in the outermost rows or columns.

    Parameters
    ----------
    terrain, basins
        ((Z,) Y, X): distances, and number of the basin of each pixel.
    foreground_threshold
        What a pixel must rise above to count.

    Returns
    -------
    (K,): one number per pixel of that foreground, none of them 0.
    """
    above = np.float32(foreground_threshold)
    return np.concatenate([basins[e][terrain[e] > above] for e in _EDGES])
