"""Which pixels of a corrected crop teach something, and which cells are whole.

A cell that the crop's border cuts, or that reaches into what nobody verified, ends
at an unknown place: its distance map is unknown, and none of its pixels may count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask


def known_pixels(labels: NDArray[Any], verified: Mask) -> Mask:
    """Pixels (Y, X) whose distance is known: verified, and not of a cut cell.

    Parameters
    ----------
    labels
        Instance ids (Y, X) of any integer dtype; 0 is background.
    verified
        (Y, X), True where somebody vouches for the labels.
    """
    known: Mask = verified & ~np.isin(labels, cut_cells(labels, verified))
    return known


def whole_cells(labels: NDArray[Any], verified: Mask) -> NDArray[Any]:
    """Ids of the cells that are verified to their last pixel, ascending."""
    ids = np.unique(labels[labels > 0])
    return np.setdiff1d(ids, cut_cells(labels, verified))


def cut_cells(labels: NDArray[Any], verified: Mask) -> NDArray[Any]:
    """Ids of the cells that touch the border or pixels that are not verified."""
    doubtful = ~verified
    doubtful[[0, -1], :] = True
    doubtful[:, [0, -1]] = True
    ids = np.unique(labels[doubtful])
    return ids[ids > 0]
