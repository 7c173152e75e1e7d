"""Where the summits of basins lie: what cells are judged by to be inside of something.

A cell is called by its highest basin, whose summit is its innermost pixel. Unlike the
centroid it always lies in the cell, and it stays while thresholds move: cells do not
flicker at the border of a drawn shape.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands
from napari_dinocell.engine.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.config import Polygon, WatershedConfig


def mask_for(mask: ArrayLike | None, shape: tuple[int, ...]) -> Mask | None:
    """Where a mask, of any numbers, is above 0; None stays None.

    Raises
    ------
    ImageError
        If it has neither the shape of the map, ((Z,) Y, X), nor that of a slice.
    """
    if mask is None:
        return None
    given: NDArray[Any] = np.asarray(mask)
    if given.shape not in (shape, shape[-2:]):
        raise ImageError(
            f"Expected a mask of the plane's shape {shape[-2:]}"
            + f" or the volume's, {shape}" * (len(shape) > 2)
            + f", got {given.shape}. Draw it over the image."
        )
    return given > 0


class Summits:
    """One pixel of the summit of each basin.

    Parameters
    ----------
    terrain, basins
        ((Z,) Y, X): distances, and number of the basin of each pixel.
    heights
        (N + 1,): height of each basin's summit.
    workers
        Threads.
    """

    def __init__(
        self,
        terrain: NDArray[np.float32],
        basins: NDArray[np.int32],
        heights: NDArray[np.float32],
        *,
        workers: int = 1,
    ) -> None:
        self._places = _first_pixels(terrain, basins, heights, workers=workers)
        # The last polygons that were asked for, with the answer.
        self._known: tuple[tuple[Polygon, ...], NDArray[np.bool_]] | None = None

    def drop_outside(
        self, table: NDArray[np.int32], config: WatershedConfig, within: Mask | None
    ) -> None:
        """Cells with their summit elsewhere become 0 in the table, (N + 1,)."""
        if within is not None:
            table[~self.in_mask(within)[table]] = 0
        if config.inside is not None:
            table[~self.in_polygons(config.inside)[table]] = 0

    def in_mask(self, mask: Mask) -> NDArray[np.bool_]:
        """(N + 1,): whether summits lie in a mask; entry 0 means nothing.

        A mask (Y, X) holds in all slices of a volume.
        """
        found: NDArray[np.bool_] = mask[tuple(self._places[:, -mask.ndim :].T)]
        return found

    def in_polygons(self, polygons: tuple[Polygon, ...]) -> NDArray[np.bool_]:
        """(N + 1,): whether summits lie in any of some polygons, as `in_mask`."""
        from skimage.measure import points_in_poly

        if self._known is not None and self._known[0] == polygons:
            return self._known[1]
        places = self._places[:, -2:]
        inside = np.zeros(len(places), np.bool_)
        for polygon in polygons:
            corners = np.array(polygon)
            near = (places >= corners.min(axis=0)).all(axis=1)
            near &= (places <= corners.max(axis=0)).all(axis=1)
            inside[near] |= points_in_poly(places[near], corners)
        self._known = polygons, inside
        return inside


def _first_pixels(
    terrain: NDArray[np.float32],
    basins: NDArray[np.int32],
    heights: NDArray[np.float32],
    *,
    workers: int,
) -> NDArray[np.intp]:
    """(N + 1, axes): indices of the first pixel of each summit, reading."""
    places = np.zeros((heights.size, terrain.ndim), np.intp)

    def find(band: slice) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        numbers = basins[band]
        top = np.argwhere((numbers > 0) & (terrain[band] == heights[numbers]))
        found = numbers[tuple(top.T)]
        top[:, 0] += band.start
        return found, top

    bands = row_bands(terrain.shape[0], math.prod(terrain.shape[1:]))
    for numbers, found in reversed(map_bands(find, bands, workers=workers)):
        places[numbers[::-1]] = found[::-1]  # of several, the first one stays
    return places
