"""Tiles in, one seamless distance map out, readable while it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.inference.map_storage import allocate_map
from napari_dinocell.engine.inference.scale import read_resized
from napari_dinocell.engine.inference.small_cells import lower_outlines
from napari_dinocell.engine.inference.tiling import Tile, plan_grid, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Shape2D
    from napari_dinocell.engine.config import TilingConfig

Region = tuple[slice, slice]


class TileAccumulator:
    """Sums tiles into a map, each weighted by its share of every pixel.

    All pixels under tiles on every side are final as soon as those have arrived. A
    band that still waits for a neighbour fades towards 0 until it comes.

    Parameters
    ----------
    distance_map
        (Y, X) of zeros, at the network's scale; filled in place.
    config
        The tiling that the tiles come from.
    shape
        Height and width of the plane that the tiles cover, where the map is a part of
        it.
    corner
        Row and column of the plane where the map begins.
    """

    def __init__(
        self,
        distance_map: DistanceMap,
        config: TilingConfig,
        *,
        shape: Shape2D | None = None,
        corner: Shape2D = (0, 0),
    ) -> None:
        height, width = shape or (distance_map.shape[0], distance_map.shape[1])
        grid = plan_grid((height, width), config)
        tall, wide = grid.tile_shape
        self._map = distance_map
        self._corner = corner
        self._down = shares(grid.tops, tall, height, grid.overlap)
        self._across = shares(grid.lefts, wide, width, grid.overlap)

    def add(self, tile: Tile, distance: NDArray[np.float32]) -> Region:
        """Add the network's answer to a tile, (H, W); padding is cut off.

        Returns
        -------
        Rows and columns of the map that changed.
        """
        down, across = self._down[tile.y], self._across[tile.x]
        top, left = tile.y - self._corner[0], tile.x - self._corner[1]
        rows, columns = slice(top, top + len(down)), slice(left, left + len(across))
        share = distance[: len(down), : len(across)] * down[:, None]
        share *= across
        _round_to_steps(share)
        part = self._map[rows, columns]
        part += share
        np.minimum(part, 1, out=part)  # rounding: shares may sum to 1 + 4e-7
        return rows, columns


class MapBuilder:
    """Fills the map of an image from tiles of the resized image.

    Parameters
    ----------
    shape
        Height and width of the image, in pixels.
    network_shape
        The same after scaling; tiles are positions in it.
    config
        Tile size and overlap.
    excess
        Of the outlines of small cells, see `small_cells`.

    Raises
    ------
    MemoryError
        If there is no room for the maps.
    """

    def __init__(
        self,
        shape: Shape2D,
        network_shape: Shape2D,
        config: TilingConfig,
        *,
        excess: float = 0.0,
    ) -> None:
        self._excess = excess
        self._network = allocate_map(network_shape)
        self._image = self._network if shape == network_shape else allocate_map(shape)
        self._accumulator = TileAccumulator(self._network.array, config)

    @property
    def distance_map(self) -> DistanceMap:
        """The map (Y, X) in pixels of the image; 0 where nothing has arrived."""
        return self._image.array

    def add(self, tile: Tile, distance: NDArray[np.float32]) -> Region:
        """Add the network's answer to a tile, (H, W).

        Returns
        -------
        Rows and columns of the image whose pixels changed.
        """
        changed = self._accumulator.add(tile, distance)
        if self._image is self._network:
            return changed
        shape = self._image.array.shape
        rows, columns = (
            _reached(span, source, target)
            for span, source, target in zip(
                changed, self._network.array.shape, shape, strict=True
            )
        )
        part = read_resized(self._network.array, shape, (rows, columns))
        lower_outlines(part, self._excess)
        self._image.array[rows, columns] = part
        return rows, columns

    def release(self) -> None:
        """Let large maps leave memory; they stay readable."""
        self._network.release()
        self._image.release()


def bounding_region(regions: list[Region]) -> Region:
    """Smallest rows and columns that hold all of them."""
    rows, columns = zip(*regions, strict=True)
    return (
        slice(min(r.start for r in rows), max(r.stop for r in rows)),
        slice(min(c.start for c in columns), max(c.stop for c in columns)),
    )


def _round_to_steps(share: NDArray[np.float32]) -> None:
    """Round values in [0, 1] to multiples of 2^-23, in place.

    Sums of such numbers up to 1 are exact in float32: the map does not depend on the
    order of its tiles, so that a run that began where the user looked can be replayed
    bit by bit without knowing where that was.
    """
    share += np.float32(1)  # between 1 and 2, neighbouring floats are 2^-23 apart
    share -= np.float32(1)


def _reached(span: slice, source: int, target: int) -> slice:
    """Image pixels whose interpolation reads at least one pixel of the span."""
    step = target / source
    start = max(0, int(np.floor((span.start - 0.5) * step - 0.5)))
    stop = min(target, int(np.ceil((span.stop + 0.5) * step + 0.5)))
    return slice(min(start, target - 1), stop)
