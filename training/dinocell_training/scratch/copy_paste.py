"""Cells of one image on the ground of another.

After Ghiasi et al. 2021, "Simple copy-paste is a strong data augmentation method for
instance segmentation" (arXiv:2012.07177). Unlike there, nothing is covered: cells
land only where there is none, so that every cell's target stays what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.scratch.crops import Crop

AROUND = 3
"""Pixels around a cell that are taken along: its glow, its halo, its shadow."""

SOFT = 1.0
"""Pixels, standard deviation, over which one picture fades into the other."""

KEPT = 0.6
"""Chance of each cell that has room."""


def paste_cells(
    crop: Crop, donor: Crop, labels: NDArray[np.int32], rng: Generator
) -> None:
    """Put cells of one crop into another of the same size, in place.

    Parameters
    ----------
    labels
        Ids (S, S) of the donor's cells, 0 between them. A cell stays where it is in its
        crop; it needs a place without cells there, and pixels that are all trusted.
    """
    ring = np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)
    occupied = cv2.dilate((crop.target > 0).astype(np.uint8), ring) > 0
    kept = rng.random(int(labels.max()) + 1) < KEPT
    kept[0] = False
    kept[labels[occupied | (donor.verified == 0)]] = False
    chosen = kept[labels]
    if not chosen.any():
        return
    grown = cv2.dilate(chosen.astype(np.float32), ring)
    share = np.maximum(cv2.GaussianBlur(grown, (0, 0), SOFT), chosen)
    # Not over the cells that are here: their ring of pixels is theirs.
    share[crop.target > 0] = 0
    level = _ground(crop) - _ground(donor)
    crop.image[:] += share * (donor.image + level - crop.image)
    crop.target[chosen] = donor.target[chosen]


def _ground(crop: Crop) -> np.float32:
    """Level between cells, which pasted ones must bring along: no seam shows."""
    ground = crop.image[crop.target == 0]
    return np.float32(np.median(ground)) if ground.size else np.float32(0.5)
