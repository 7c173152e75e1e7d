"""The cells of one block: windows around it grow until nothing is unsure.

A cell is called by its *key*: the site of its summit in the plane, plus 1. All blocks
that a cell reaches into call it alike, so that nothing has to be matched at seams.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.blocks.certificate import WindowCells, decide
from napari_dinocell.engine.errors import HaloLimitError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask, Shape2D
    from napari_dinocell.engine.blocks.grid import Plane, Window
    from napari_dinocell.engine.config import WatershedConfig

    Keys = NDArray[np.int64]

HALO = 64
"""Pixels around a block to begin with: two cells of usual size."""

HALO_LIMIT = 2048
"""Pixels beyond which no window grows, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloRule:
    """How far around a block is looked; nothing that it finds depends on it.

    Only where cells are cut at the limit, what lies behind the limit is left out.
    """

    first: int = HALO
    """Pixels around the block to begin with; doubled for what is unsure."""
    limit: int | None = HALO_LIMIT
    """Pixels around the block at most; None may read the whole plane."""
    cut: bool = False
    """What happens at the limit: whether the rest is labelled as if the plane ended
    there, and reported, or is an error."""

    def __post_init__(self) -> None:
        if self.first < 1:
            raise SettingsError(
                f"Expected a halo of at least 1 pixel, got {self.first}."
            )
        if self.limit is not None and self.limit < self.first:
            raise SettingsError(
                f"Expected a limit of at least the first halo, {self.first}, got "
                f"{self.limit}."
            )

    def reaches(self, shape: Shape2D) -> Iterator[int]:
        """Pixels around what is unsure, one try after the other."""
        reach, last = self.first, max(*shape, self.first)
        if self.limit is not None:
            last = min(last, self.limit)
        while reach < last:
            yield reach
            reach *= 2
        yield last


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockCells:
    """What one block knows of the cells of the plane."""

    numbers: NDArray[np.int32]
    """(Y, X) of the block: each pixel's cell as an index of `keys`, 0 for none."""
    keys: Keys
    """(K + 1,): the cells that reach into the block; entry 0 is 0, background."""
    heights: NDArray[np.float32]
    """(K + 1,): height of each cell's summit."""
    areas: NDArray[np.int64]
    """(K + 1,): pixels of each cell inside the block."""
    touching: Mask
    """(K + 1,): whether it touches the border of the plane here."""
    summits: Keys
    """(S,): keys of all summits above the seed threshold inside the block."""
    summit_heights: NDArray[np.float32]
    """(S,)"""
    halo: int
    """Pixels around the block that were needed."""
    cut: int = 0
    """Pixels whose cell was cut at the limit."""


def find_block_cells(
    distance_map: Plane,
    block: Window,
    config: WatershedConfig,
    halo: HaloRule | None = None,
) -> BlockCells:
    """Find the cells that reach into a block, exactly as in the whole plane.

    Parameters
    ----------
    distance_map
        (Y, X) of the whole plane, in [0, 1]; only windows of it are read.
    block
        Rows and columns of the block.
    config
        Thresholds and prominence; sizes, border and holes are for later (`numbering`,
        `holes`).
    halo
        How far to look; None for the usual.

    Raises
    ------
    HaloLimitError
        If the limit does not suffice, and cells are not to be cut there.
    ImageError
        If the map is none.
    """
    rule = halo or HaloRule()
    shape = (distance_map.shape[0], distance_map.shape[1])
    found = _Findings(block, shape, config.seed_threshold)
    rest, reach = block, rule.first
    for reach in rule.reaches(shape):
        window = rest.grown(reach, shape)
        cells = decide(distance_map[window.slices], window, shape, config)
        unsure = found.add(cells, rest, window)
        if unsure is None:
            return found.result(reach)
        rest = unsure
    if not rule.cut:
        raise _limit_error(block, found.waiting, reach)
    cut = found.waiting
    window = rest.grown(reach, shape)
    pixels = distance_map[window.slices]
    found.add(decide(pixels, window, shape, config, trust_border=True), rest, window)
    return found.result(reach, cut=cut)


def _limit_error(block: Window, pixels: int, limit: int) -> HaloLimitError:
    return HaloLimitError(
        f"Expected the cells of rows {block.top} to {block.bottom}, columns "
        f"{block.left} to {block.right} to be settled within {limit} pixels around "
        f"them, but {pixels} pixels depend on what lies beyond. Raise the halo limit "
        "or the foreground threshold, or let cells be cut at the limit."
    )


class _Findings:
    """What is known of a block after some of its windows."""

    def __init__(self, block: Window, shape: Shape2D, seed_threshold: float) -> None:
        self._block = block
        self._shape = shape
        self._seed = np.float32(seed_threshold)
        self._numbers = np.zeros(block.shape, np.int32)
        self._waiting = np.ones(block.shape, np.bool_)
        self._keys = np.zeros(1, np.int64)
        self._heights = np.zeros(1, np.float32)
        self._summits: list[Keys] = []
        self._summit_heights: list[NDArray[np.float32]] = []

    @property
    def waiting(self) -> int:
        """Number of pixels that are still unsure."""
        return int(np.count_nonzero(self._waiting))

    def add(self, cells: WindowCells, rest: Window, window: Window) -> Window | None:
        """Take over what a window says of the pixels of `rest` that wait.

        Returns
        -------
        The part of `rest` with pixels that are unsure; None if all are settled.
        """
        inside, here = rest.inside(window), rest.inside(self._block)
        waiting = self._waiting[here]
        unsure = cells.unsure[inside] & waiting
        settled = waiting & ~unsure
        roots = cells.roots[inside][settled]
        self._numbers[here][settled] = self._named(cells, roots)[roots]
        self._note_summits(cells)
        self._waiting[here] = unsure
        return _bounds(unsure, rest)

    def _named(self, cells: WindowCells, found: NDArray[np.int32]) -> NDArray[np.int32]:
        """(N + 1,): number in this block for those roots of a window that are found."""
        used = np.zeros(cells.heights.size, np.bool_)
        used[found] = True
        used[0] = False
        roots = np.flatnonzero(used)
        keys = cells.keys[roots]
        order = np.argsort(self._keys)
        place = np.searchsorted(self._keys, keys, sorter=order)
        known = order[np.minimum(place, order.size - 1)]
        new = self._keys[known] != keys
        numbers = known.astype(np.int32)
        numbers[new] = self._keys.size + np.arange(np.count_nonzero(new))
        self._keys = np.append(self._keys, keys[new])
        self._heights = np.append(self._heights, cells.heights[roots[new]])
        table = np.zeros(used.size, np.int32)
        table[roots] = numbers
        return table

    def _note_summits(self, cells: WindowCells) -> None:
        """Note the seeds whose summit lies in the block."""
        known = np.flatnonzero((cells.keys > 0) & (cells.heights > self._seed))
        rows, columns = np.divmod(cells.keys[known] - 1, self._shape[1])
        block = self._block
        here = (rows >= block.top) & (rows < block.bottom)
        here &= (columns >= block.left) & (columns < block.right)
        self._summits.append(cells.keys[known[here]])
        self._summit_heights.append(cells.heights[known[here]])

    def result(self, halo: int, *, cut: int = 0) -> BlockCells:
        """All that is known now."""
        summits, first = np.unique(np.concatenate(self._summits), return_index=True)
        numbers, count = self._numbers, self._keys.size
        touching = np.zeros(count, np.bool_)
        touching[self._at_border()] = True
        touching[0] = False
        return BlockCells(
            numbers=numbers,
            keys=self._keys,
            heights=self._heights,
            areas=np.bincount(numbers.ravel(), minlength=count) * (self._keys > 0),
            touching=touching,
            summits=summits,
            summit_heights=np.concatenate(self._summit_heights)[first],
            halo=halo,
            cut=cut,
        )

    def _at_border(self) -> NDArray[np.int32]:
        """Numbers (P,) of the block's pixels where the plane ends."""
        block, (height, width) = self._block, self._shape
        edges = (
            (block.top == 0, self._numbers[0]),
            (block.bottom == height, self._numbers[-1]),
            (block.left == 0, self._numbers[:, 0]),
            (block.right == width, self._numbers[:, -1]),
        )
        nothing = np.zeros(0, np.int32)
        return np.concatenate([nothing, *(edge for ends, edge in edges if ends)])


def _bounds(mask: Mask, window: Window) -> Window | None:
    """The smallest part of a window that holds all of a mask (Y, X) of it."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    return window.part(
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
