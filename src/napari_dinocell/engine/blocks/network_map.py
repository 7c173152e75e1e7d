"""The network's part of a run: tiles in groups, and the map that all groups make.

A group has the tiles of some neighbouring rows and columns of the plane's own tile
grid, so that no tile is seen twice. What it gives is a part of the map: along its edges
it is only its own tiles' share, to which the neighbours' shares are added where the map
is read. Shares are multiples of 2^-23, whose sums are exact (`accumulator`): the map is
that of the whole plane to the last bit, provided that the network says of a tile the
same whatever others are in its batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from napari_dinocell.engine.blocks.grid import Window
from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.contrast.equalised_plane import LevelsPlane
from napari_dinocell.engine.inference.accumulator import TileAccumulator
from napari_dinocell.engine.inference.resized_plane import ResizedPlane
from napari_dinocell.engine.inference.scale import read_resized
from napari_dinocell.engine.inference.small_cells import lower_outlines
from napari_dinocell.engine.inference.tiling import Tile, plan_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.arrays import DistanceMap, Mask, Shape2D
    from napari_dinocell.engine.blocks.grid import Plane
    from napari_dinocell.engine.config import TilingConfig
    from napari_dinocell.engine.inference.accumulator import Region


@dataclass(frozen=True, slots=True)
class TileGroups:
    """The tiles of a plane in groups of up to `side` rows and columns."""

    shape: Shape2D
    """Height and width of the plane, in pixels that the network sees."""
    tiling: TilingConfig
    side: int

    @property
    def counts(self) -> tuple[int, int]:
        """Rows and columns of groups."""
        grid = plan_grid(self.shape, self.tiling)
        return -(-len(grid.tops) // self.side), -(-len(grid.lefts) // self.side)

    def __len__(self) -> int:
        """Number of groups."""
        rows, columns = self.counts
        return rows * columns

    def tiles(self, number: int) -> list[Tile]:
        """The tiles of a group."""
        grid = plan_grid(self.shape, self.tiling)
        row, column = divmod(number, self.counts[1])
        height, width = grid.tile_shape
        return [
            Tile(y, x, height, width)
            for y in grid.tops[row * self.side : (row + 1) * self.side]
            for x in grid.lefts[column * self.side : (column + 1) * self.side]
        ]

    def window(self, number: int) -> Window:
        """What a group's tiles cover of the plane."""
        tiles = self.tiles(number)
        first, last = tiles[0], tiles[-1]
        return Window(
            first.y,
            min(last.y + last.height, self.shape[0]),
            first.x,
            min(last.x + last.width, self.shape[1]),
        )


class PartOfMap:
    """Receives the network's answers to the tiles of one group.

    Parameters
    ----------
    groups
        All of them.
    number
        Of the group.
    """

    def __init__(self, groups: TileGroups, number: int) -> None:
        self.window = groups.window(number)
        """What it covers of the plane."""
        self._map = np.zeros(self.window.shape, np.float32)
        self._accumulator = TileAccumulator(
            self._map,
            groups.tiling,
            shape=groups.shape,
            corner=(self.window.top, self.window.left),
        )

    @property
    def distance_map(self) -> DistanceMap:
        """The part (Y, X), filled in place."""
        return self._map

    def add(self, tile: Tile, distance: DistanceMap) -> Region:
        """Add the answer to a tile whose place is counted from the part's corner."""
        window = self.window
        moved = Tile(tile.y + window.top, tile.x + window.left, tile.height, tile.width)
        return self._accumulator.add(moved, distance)

    def release(self) -> None:
        """Nothing to be let go."""


def seen_lazily(image: AdjustedImage, shape: Shape2D) -> AdjustedImage:
    """What `resize_image` makes of an image that is computed in parts."""
    if image.shape == shape or image.constant:
        return image
    dtype = np.uint8 if image.plane.dtype == np.uint8 else np.uint16
    resized = ResizedPlane(LevelsPlane(image, dtype), shape)
    return AdjustedImage.from_levels(resized.array)


def group_image(
    image: AdjustedImage, groups: TileGroups, number: int
) -> tuple[AdjustedImage, list[Tile]]:
    """What the network sees of a group, and its tiles counted from there."""
    window = groups.window(number)
    part = AdjustedImage.from_image(image.window(*window.slices))
    tiles = [
        Tile(tile.y - window.top, tile.x - window.left, tile.height, tile.width)
        for tile in groups.tiles(number)
    ]
    return part, tiles


class JoinedMap:
    """The map at the network's scale, of which windows can be read.

    Parameters
    ----------
    groups
        All groups of tiles.
    part
        Gives the part of a group, of which windows are read.
    empty
        Whether there is nothing to see, and there are no parts.
    """

    def __init__(
        self, groups: TileGroups, part: Callable[[int], Plane], *, empty: bool = False
    ) -> None:
        self.shape = groups.shape
        self._part = part
        count = 0 if empty else len(groups)
        self._windows = [groups.window(number) for number in range(count)]

    def __getitem__(self, part: tuple[slice, slice]) -> DistanceMap:
        """Distances of rows and columns, which have start and stop."""
        rows, columns = part
        wanted = Window(rows.start, rows.stop, columns.start, columns.stop)
        result = np.zeros(wanted.shape, np.float32)
        for number, window in enumerate(self._windows):
            common = wanted.common(window)
            if common is not None:
                share = self._part(number)[common.inside(window)]
                result[common.inside(wanted)] += share
        return np.minimum(result, 1, out=result)


class ImageMap:
    """The map in pixels of the image, of which windows can be read.

    Parameters
    ----------
    network_map
        (Y, X) at the network's scale.
    shape
        Height and width of the image.
    excess
        Of the outlines of small cells, see `small_cells`.
    foreign
        Where (Y, X) no cells are looked for.
    believed
        Where (Y, X) the model is believed, if not everywhere.
    """

    def __init__(
        self,
        network_map: JoinedMap,
        shape: Shape2D,
        *,
        excess: float,
        foreign: Mask | None = None,
        believed: Plane | None = None,
    ) -> None:
        self.shape = shape
        self._network_map = network_map
        self._excess = excess
        self._foreign = foreign
        self._believed = believed

    def __getitem__(self, part: tuple[slice, slice]) -> DistanceMap:
        """Distances of rows and columns, which have start and stop."""
        if self.shape == self._network_map.shape:
            distances = self._network_map[part]
        else:
            source = cast("DistanceMap", self._network_map)
            distances = read_resized(source, self.shape, part)
            lower_outlines(distances, self._excess)
        if self._foreign is not None:
            distances[self._foreign[part]] = 0
        if self._believed is not None:
            distances[~self._believed[part]] = 0
        return distances
