"""Cells that grow into the background of a block, from wherever they lie."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.labels.expand import expand_cells

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.blocks.grid import Plane, Window


def expand_block(labels: Plane, block: Window, distance: float) -> Labels:
    """Labels (Y, X) of a block after all cells of the plane have grown.

    Parameters
    ----------
    labels
        Ids (Y, X) of the plane, of which the surroundings of the block are read.
    block
        Rows and columns of the block.
    distance
        In pixels, as in `expand_cells`.
    """
    window = block.grown(ceil(distance), (labels.shape[0], labels.shape[1]))
    grown = expand_cells(np.asarray(labels[window.slices]), distance)
    part: Labels = grown[block.inside(window)]
    return part
