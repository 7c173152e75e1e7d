"""Live watershed: from a distance map to labels, at once for every pair of thresholds.

The definition
--------------
Seeds are the regions of `distance > seed_threshold`, foreground is `distance >
foreground_threshold`. Each seed grows downhill over the foreground until it meets
another one; foreground that no seed reaches stays 0. A lower summit on its way becomes
part of it, unless it stands by itself, as a cell below the seed threshold does
(`WatershedConfig.prominence`): that stays 0, too. **Regions are 4-connected, seeds
and growth alike**: pixels that touch only at a corner do not touch. Thresholds are
compared in float32. Cells below the minimum size, above the maximum size and, if asked
for, with a pixel on the border of the map are dropped, each of them judged as it has
grown, and so are those whose summit lies outside of given polygons or of a mask; then,
if asked for, each cell takes the background that it alone encloses (`fill_holes`). This
is the project's definition of a cell; preview, export, command line and scripts all use
it.

In a volume (Z, Y, X) regions are 6-connected and sizes are counted in voxels; seeds
that meet over a saddle well below their summits stay apart
(`WatershedConfig.parting`), and cells in too few slices are dropped, if asked for.
Nothing else differs, and a volume of a single slice has the cells of its plane.

In detail, every pixel belongs to the basin of the summit that steepest ascent leads to
(`basins`), basins are joined over their highest saddles (`saddles`), and cells are cut
out of the forest of these joints (`merge_forest`). This is the watershed by the drop of
water principle (Meyer 1994; Cousty et al. 2009). With a prominence of 1 it finds
exactly as many cells as flooding with a queue (`skimage.segmentation.watershed`) and
gives at least 99.9 % of the foreground pixels the same cell on smooth and lumpy maps,
but it is not identical to it: the queue gives a pixel to the region that touches it
first, here the steepest way decides. A map that was rounded to few levels leaves ties
that no definition settles; there 99.5 % agree.

The work
--------
All that does not depend on the thresholds is done once. A query then computes one cell
per basin, a table of some ten thousand entries, and looks every pixel up in it. Plain
numpy is fast enough for both, so that no compiler makes the first slider move wait.

References
----------
F. Meyer, "Topographic distance and watershed lines", Signal Processing 38 (1994).
J. Cousty, G. Bertrand, L. Najman, M. Couprie, "Watershed cuts: minimum spanning forests
and the drop of water principle", IEEE TPAMI 31 (2009).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.bands import default_workers
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.mapped import let_go
from napari_dinocell.engine.watershed.basin_areas import BasinAreas
from napari_dinocell.engine.watershed.basins import find_basins
from napari_dinocell.engine.watershed.border_basins import border_basins
from napari_dinocell.engine.watershed.cell_query import CellQuery
from napari_dinocell.engine.watershed.fill_holes import fill_holes
from napari_dinocell.engine.watershed.held_cells import HeldBasins
from napari_dinocell.engine.watershed.memory import (
    BYTES_PER_BASIN,
    memory_for,
    require_memory,
)
from napari_dinocell.engine.watershed.merge_forest import grow_forest
from napari_dinocell.engine.watershed.saddles import find_saddles, no_saddles
from napari_dinocell.engine.watershed.slice_heights import SliceHeights
from napari_dinocell.engine.watershed.summits import Summits
from napari_dinocell.engine.watershed.terrain import (
    is_flat,
    raise_terrain,
    rimmed,
    within_rim,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels, Mask
    from napari_dinocell.engine.config import WatershedConfig
    from napari_dinocell.engine.watershed.held_cells import HeldPixels

FLOOR = 0.01
"""Lowest foreground threshold of the live preview; below it lies only background."""


class LiveWatershed:
    """The watershed of one distance map, ready for any pair of thresholds.

    Parameters
    ----------
    distance_map
        A plane (Y, X) or a volume (Z, Y, X) of any floating type and memory layout,
        values in [0, 1]. It is copied, as float32.
    floor
        Lowest foreground threshold that will be asked for. The lower it is, the more
        background noise is divided into basins.
    workers
        Threads; at most two by default, which leaves the viewer responsive.

    Raises
    ------
    ImageError
        If the map is neither 2-D nor 3-D, not floating, not finite, not in [0, 1], or
        too large.
    SettingsError
        If the floor is outside [0, 1).
    OutOfMemoryError
        If memory cannot hold what is needed in between.

    Notes
    -----
    A cell's id is the number of its highest basin, counted from the highest summit of
    the map down. It depends on the map alone: while thresholds move, a cell keeps its
    id for as long as its highest point stays a cell of its own. Ids are therefore not
    consecutive.

    Memory: 8 bytes per pixel are kept, and 9 are needed in between. Each pixel that is
    flat or has two ways up needs some 50 more and each basin 250: nothing on smooth
    maps, up to 50 bytes per pixel on maps of few levels or of white noise. A map that
    nowhere rises above the floor needs none.
    """

    def __init__(
        self,
        distance_map: NDArray[Any],
        *,
        floor: float = FLOOR,
        workers: int | None = None,
    ) -> None:
        self._floor = floor
        self._workers = default_workers() if workers is None else workers
        flat = is_flat(distance_map, floor=floor)
        let_go(distance_map)
        self.shape = distance_map.shape
        """Of the map, ((Z,) Y, X)."""
        if flat:
            self._lie_flat()
        else:
            with memory_for(self.shape):
                self._divide(distance_map)
        self._inner = within_rim(self._terrain)
        self._areas = BasinAreas(
            self._terrain,
            self._basins,
            self._forest.heights.size,
            workers=self._workers,
        )
        self._held: HeldBasins | None = None
        self._extents: SliceHeights | None = None

    def _lie_flat(self) -> None:
        """Know no cells, in no memory: an empty map may be a very large one."""
        shape = rimmed(self.shape)
        self._terrain: NDArray[np.float32] = np.broadcast_to(np.float32(0), shape)
        self._basins: NDArray[np.int32] = np.broadcast_to(np.int32(0), shape)
        self._forest = grow_forest(np.zeros(1, np.float32), no_saddles())

    def _divide(self, distance_map: NDArray[Any]) -> None:
        """Find the basins, and the saddles between them."""
        self._terrain = raise_terrain(
            distance_map, floor=self._floor, workers=self._workers
        )
        let_go(distance_map)
        basins = find_basins(self._terrain, workers=self._workers)
        require_memory(basins.heights.size * BYTES_PER_BASIN, self.shape)
        saddles = find_saddles(self._terrain, basins, workers=self._workers)
        self._basins = basins.numbers
        self._forest = grow_forest(basins.heights, saddles)

    @property
    def floor(self) -> float:
        """Lowest foreground threshold that can be asked for."""
        return self._floor

    @cached_property
    def _summits(self) -> Summits:
        terrain, basins = self._terrain[self._inner], self._basins[self._inner]
        return Summits(terrain, basins, self._forest.heights, workers=self._workers)

    def query(
        self,
        config: WatershedConfig,
        *,
        held: HeldPixels | None = None,
        within: Mask | None = None,
    ) -> CellQuery:
        """The cells at one pair of thresholds, of which labels and count are read.

        Parameters
        ----------
        config
            The thresholds.
        held
            Corrected cells, which are left out. Their pixels are the caller's: labels
            there may be 0 or a neighbour's.
        within
            ((Z,) Y, X): cells whose summit is not in it are dropped; a mask (Y, X)
            holds in all slices of a volume.

        Raises
        ------
        SettingsError
            If the foreground threshold lies below the floor.
        """
        return CellQuery(
            config=config,
            table=self._cell_table(config, held, within),
            terrain=self._terrain[self._inner],
            basins=self._basins[self._inner],
            workers=self._workers,
        )

    def labels(self, config: WatershedConfig) -> Labels:
        """Labels ((Z,) Y, X) of the whole map, int32, for one question only."""
        return self.query(config).labels()

    def count(self, config: WatershedConfig) -> int:
        """Number of cells, for one question only: `query`."""
        return self.query(config).count()

    def _held_basins(self, held: HeldPixels) -> HeldBasins:
        """What held pixels mean for the basins; known for the last ones asked for."""
        known = self._held  # another thread may replace it
        if known is not None and known.held is held:
            return known
        known = HeldBasins(
            held,
            terrain=self._terrain[self._inner],
            basins=self._basins[self._inner],
            heights=self._forest.heights,
            areas=self._areas.all,
        )
        self._held = known
        return known

    def _cell_table(
        self, config: WatershedConfig, held: HeldPixels | None, within: Mask | None
    ) -> NDArray[np.int32]:
        """(N + 1,): cell id of each basin, 0 where it belongs to none."""
        foreground = config.foreground_threshold
        if np.float32(foreground) < np.float32(self._floor):
            raise SettingsError(
                f"Expected a foreground threshold of at least {self._floor}, the floor "
                f"this map was prepared with, got {foreground}. Raise the threshold, "
                "or prepare the map with a lower floor."
            )
        is_volume = len(self.shape) == 3 and self.shape[0] > 1
        table = self._forest.cells(
            config.seed_threshold,
            foreground,
            prominence=config.prominence,
            parting=config.parting if is_volume else 1.0,
        )
        if table.any():
            self._drop_unwanted(table, config)
            if within is not None or config.inside is not None:
                self._summits.drop_outside(table, config, within)
        if held is None:
            return table
        return self._held_basins(held).leave_out(table, config.seed_threshold)

    def _drop_unwanted(self, table: NDArray[np.int32], config: WatershedConfig) -> None:
        """Cells of the wrong size or place become 0 in the table, (N + 1,)."""
        foreground = config.foreground_threshold
        if config.min_size > 1 or config.max_size > 0:
            sizes = np.bincount(table, self._areas.above(foreground), table.size)
            wrong = sizes < config.min_size
            wrong |= sizes > (config.max_size or np.inf)
            table[wrong[table]] = 0
        if config.exclude_border:
            terrain, basins = self._terrain[self._inner], self._basins[self._inner]
            touching = np.zeros(table.size, np.bool_)
            touching[table[border_basins(terrain, basins, foreground)]] = True
            table[touching[table]] = 0
        if config.min_z_extent > 1 and len(self.shape) == 3:
            if self._extents is None:
                self._extents = SliceHeights(self._terrain, self._basins)
            extents = self._extents.of_cells(table, foreground)
            table[(extents < config.min_z_extent)[table]] = 0


def label_cells(
    distance_map: NDArray[Any], config: WatershedConfig, *, within: Mask | None = None
) -> Labels:
    """Labels of a distance map, for one pair of thresholds.

    The same labels, ids included, that `LiveWatershed` gives at these thresholds.

    Parameters
    ----------
    distance_map
        (Y, X) or (Z, Y, X) of any floating type, values in [0, 1].
    config
        Thresholds, sizes in pixels (counted before holes are filled), whether cells
        at the border are dropped and whether holes are filled.
    within
        ((Z,) Y, X), as `LiveWatershed.query` takes it.

    Returns
    -------
    Of the map's shape, int32: ids are not consecutive;
    `skimage.segmentation.relabel_sequential` makes them so.

    Raises
    ------
    ImageError
        If the map is neither 2-D nor 3-D, not floating, not finite, not in [0, 1], or
        too large.
    """
    live = LiveWatershed(distance_map, floor=config.foreground_threshold)
    query = live.query(config, within=within)
    labels = query.spend()
    del live, query  # the terrain, too, before holes are looked for
    return fill_holes(labels) if config.fill_holes else labels
