"""From the cells of all blocks to ids: those of the whole plane.

The plane numbers its summits from the highest down, equal ones in reading order, and a
cell is called by its highest summit (`LiveWatershed`). Blocks report all summits above
the seed threshold, so that they can be counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.setting_checks import require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.blocks.block_cells import BlockCells, Keys
    from napari_dinocell.engine.config import WatershedConfig


@dataclass(frozen=True, slots=True, eq=False)
class CellSummary:
    """What the finish has to know of one block: all but its pixels."""

    keys: Keys
    """(K,): the cells that reach into the block."""
    heights: NDArray[np.float32]
    """(K,): height of each cell's summit."""
    areas: NDArray[np.int64]
    """(K,): pixels of each cell inside the block."""
    touching: NDArray[np.bool_]
    """(K,): whether it touches the border of the plane."""
    summits: Keys
    """(S,): summits above the seed threshold inside the block."""
    summit_heights: NDArray[np.float32]
    """(S,)"""

    @classmethod
    def of(cls, cells: BlockCells) -> CellSummary:
        """Of the cells of a block."""
        return cls(
            cells.keys[1:],
            cells.heights[1:],
            cells.areas[1:],
            cells.touching[1:],
            cells.summits,
            cells.summit_heights,
        )


@dataclass(frozen=True, slots=True, eq=False)
class CellIds:
    """The id of each cell of the plane that is kept."""

    keys: Keys
    """(C,): ascending."""
    ids: NDArray[np.int32]
    """(C,)"""

    def table(self, keys: Keys) -> NDArray[np.int32]:
        """(K + 1,): ids of the cells of a block, whose entry 0 is background."""
        if self.keys.size == 0:
            return np.zeros(keys.size, np.int32)
        place = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[place] == keys, self.ids[place], 0).astype(np.int32)

    def labels(self, numbers: NDArray[np.int32], keys: Keys) -> Labels:
        """Labels (Y, X) of a block's pixels, before holes are filled."""
        labels: Labels = self.table(keys)[numbers]
        return labels


def number_cells(
    blocks: Iterable[CellSummary],
    config: WatershedConfig,
    *,
    consecutive: bool = False,
) -> CellIds:
    """Name the cells of a plane, and leave out those of the wrong size or place.

    Parameters
    ----------
    blocks
        All blocks of the plane, in any order.
    config
        Sizes in pixels, and whether cells at the border of the plane are dropped.
    consecutive
        Whether ids are 1, 2, ... without gaps, in the order of the others.

    Raises
    ------
    SettingsError
        If the settings have polygons, which blocks know nothing of.
    """
    require(
        config.inside is None,
        "Expected no polygons (inside) for blocks, which keep the cells of the whole "
        "plane. Leave them out, or segment without blocks.",
    )
    parts = list(blocks)
    keys, cell = np.unique(
        _joined([p.keys for p in parts], np.int64), return_inverse=True
    )
    areas = np.zeros(keys.size, np.int64)
    np.add.at(areas, cell, _joined([p.areas for p in parts], np.int64))
    touching = np.zeros(keys.size, np.bool_)
    touching[cell[_joined([p.touching for p in parts], np.bool_)]] = True

    wanted = areas >= config.min_size
    if config.max_size > 0:
        wanted &= areas <= config.max_size
    if config.exclude_border:
        wanted &= ~touching
    kept = keys[wanted]
    ids = _ranks(parts, kept)
    if consecutive:
        order = np.argsort(ids)
        ids[order] = np.arange(1, ids.size + 1, dtype=np.int32)
    return CellIds(kept, ids)


def _ranks(parts: list[CellSummary], keys: Keys) -> NDArray[np.int32]:
    """(C,): how manieth each summit is among all of the plane, from the highest down.

    Cells that were cut at a limit may have a summit that no block calls its own; they
    count as well.
    """
    summits = _joined([k for p in parts for k in (p.summits, p.keys)], np.int64)
    heights = _joined(
        [h for p in parts for h in (p.summit_heights, p.heights)], np.float32
    )
    summits, first = np.unique(summits, return_index=True)
    order = np.argsort(-heights[first], kind="stable")
    ranks = np.empty(order.size, np.int32)
    ranks[order] = np.arange(1, order.size + 1, dtype=np.int32)
    found: NDArray[np.int32] = ranks[np.searchsorted(summits, keys)]
    return found


def _joined(parts: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts])
