"""Outlines of small cells: where the map ends depends on how many pixels a cell has.

The network was taught distances divided by each cell's largest one. The outermost pixel
of a cell that is d pixels wide has about 2 / d of it, and its outer edge, half a pixel
on, lies at 1 / d: at 0.03 for a cell of 30 pixels, at 0.11 for one of 9. A foreground
threshold below that takes pixels of the background into the cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTLINE = 0.07
"""Level of the map at outlines of cells of many pixels: there, blur decides. Cells of
14 pixels or more are left as they are."""


def outline_excess(scale: float, training_diameter: float) -> float:
    """What to take off a map, so that outlines of its cells lie at `OUTLINE`.

    Parameters
    ----------
    scale
        Factor by which the network sees the image enlarged.
    training_diameter
        Cell diameter that the model knows, in pixels: what the cells of the image
        have at that scale.

    Returns
    -------
    In [0, 1), 0 for cells of many pixels, and for images that are not enlarged.
    """
    usual = max(OUTLINE, 1 / training_diameter)
    level = min(scale / training_diameter, 0.5)
    return max(0.0, (level - usual) / (1 - usual))


def lower_outlines(distance: NDArray[np.float32], excess: float) -> None:
    """Take `excess` off a map in place and stretch what is left; peaks of 1 stay 1."""
    if excess:
        distance -= np.float32(excess)
        distance *= np.float32(1 / (1 - excess))
        np.clip(distance, 0, 1, out=distance)
