"""What a model finds in a plane that is hardly more than noise: believed only if sure.

The height of the map's peaks tells how certain the model is. True cells reach 0.8 to
0.95, what it sees in noise 0.5 to 0.75 in the median, with single peaks above.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_dinocell.engine.no_cells import NoCells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Mask
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.events import DistanceMapReady

SEED = 0.5
"""Peaks of the map below it are no cells at usual thresholds."""

BETWEEN = 0.05
"""Height of the map between cells, where they are cut apart; it is hardly ever 0."""

BEYOND_DOUBT = 0.88
"""A single cell that reaches it is one, whatever the others are."""

SPECK = 16
"""Objects with fewer pixels are no cells, however sure the model is."""


def believed(ready: DistanceMapReady, image: AdjustedImage) -> DistanceMapReady:
    """Take what is foreign, and what the model is unsure of, off the map, in place.

    If the median peak reaches the certainty that the image asks for, all cells are
    believed; otherwise only those beyond doubt are, and where there is none the plane
    holds no cells.
    """
    distance_map = ready.distance_map
    if image.foreign is not None:
        distance_map[image.foreign] = 0
    if image.certainty == 0:
        return ready
    objects, count = ndimage.label(distance_map > SEED)
    if count == 0:
        return ready
    ids = np.arange(1, count + 1)
    peaks = ndimage.maximum(distance_map, objects, ids)
    pixels = np.bincount(objects.ravel(), minlength=count + 1)[1:]
    sure = sure_objects(np.asarray(peaks), pixels, image.certainty)
    if sure is None:
        return ready
    _erase_others(distance_map, objects, ids[sure])
    return ready if sure.any() else replace(ready, no_cells=NoCells.UNSURE)


def sure_objects(
    peaks: NDArray[np.float32], pixels: NDArray[np.integer[Any]], certainty: float
) -> Mask | None:
    """Which objects of a plane (N,) are believed; None for all, also if there is none.

    Parameters
    ----------
    peaks
        (N,): height of each object.
    pixels
        (N,): number of its pixels.
    certainty
        That the image asks for.
    """
    if peaks.size == 0 or np.median(peaks) >= certainty:
        return None
    sure: Mask = (peaks >= BEYOND_DOUBT) & (pixels >= SPECK)
    return sure


def _erase_others(
    distance_map: DistanceMap, objects: DistanceMap, kept: DistanceMap
) -> None:
    """Set the map to 0 but for the connected regions that hold a kept object."""
    regions, _ = ndimage.label(distance_map > BETWEEN)
    stay = np.zeros(int(regions.max()) + 1, bool)
    stay[regions[np.isin(objects, kept)]] = True
    distance_map[~stay[regions]] = 0
