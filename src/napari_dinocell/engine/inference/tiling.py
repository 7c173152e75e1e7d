"""Cut a plane into overlapping tiles, and weigh them where they overlap.

Knows no torch and no pixels: positions and weights only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D
    from napari_dinocell.engine.config import TilingConfig

SIZE_STEP = 16
"""Tiles of small images are multiples of it: of every patch size that exists."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle, in pixels that the network sees.

    It reaches beyond the plane only where the plane is smaller than a tile.
    """

    y: int
    x: int
    height: int
    width: int

    @property
    def rows(self) -> slice:
        """Its rows."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """Its columns."""
        return slice(self.x, self.x + self.width)


@dataclass(frozen=True, slots=True)
class TileGrid:
    """Every pair of a top and a left edge is one tile; all tiles have one size."""

    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    tile_shape: Shape2D
    overlap: int

    def tiles(self) -> list[Tile]:
        """All tiles, row by row."""
        height, width = self.tile_shape
        return [Tile(y, x, height, width) for y in self.tops for x in self.lefts]


def plan_grid(shape: Shape2D, config: TilingConfig) -> TileGrid:
    """Grid of tiles that covers a plane, in rows and columns.

    Neighbours share `config.overlap` pixels; the last row and column are shifted
    inward and share more. A side shorter than a tile gets one tile of the next
    multiple of 16 pixels: the network is spared the rest.
    """
    height, width = shape
    return TileGrid(
        tops=_positions(height, config),
        lefts=_positions(width, config),
        tile_shape=(_tile_side(height, config), _tile_side(width, config)),
        overlap=config.overlap,
    )


def plan_tiles(
    shape: Shape2D,
    config: TilingConfig,
    *,
    viewport: tuple[slice, slice] | None = None,
) -> list[Tile]:
    """Tiles that cover a plane, in the order in which they are wanted.

    Parameters
    ----------
    shape
        Height and width of the plane, in pixels that the network sees.
    config
        Tile size and overlap.
    viewport
        Rows and columns that the user looks at, of any extent. Tiles that touch them
        come first, nearest to their centre first; then the others, likewise. None
        leaves the tiles row by row.

    Returns
    -------
    Every tile of the grid once.
    """
    tiles = plan_grid(shape, config).tiles()
    if viewport is None:
        return tiles
    rows = range(*viewport[0].indices(shape[0]))
    columns = range(*viewport[1].indices(shape[1]))
    if len(rows) == 0 or len(columns) == 0:
        return tiles

    def urgency(tile: Tile) -> tuple[bool, float]:
        seen = _meets(tile.rows, rows) and _meets(tile.columns, columns)
        down = tile.y + tile.height / 2 - (rows[0] + rows[-1] + 1) / 2
        across = tile.x + tile.width / 2 - (columns[0] + columns[-1] + 1) / 2
        return not seen, down**2 + across**2

    return sorted(tiles, key=urgency)


def blend_weights(tile_size: int, overlap: int) -> NDArray[np.float32]:
    """Weight of each pixel of a tile, (S, S) float32, strictly positive.

    1 inside; towards each edge a raised cosine across `overlap` pixels. The weights
    of two neighbours sum to 1 along the band that they share.
    """
    edge = edge_weights(tile_size, overlap)
    return np.outer(edge, edge).astype(np.float32)


def edge_weights(length: int, overlap: int) -> NDArray[np.float64]:
    """Weights along one axis, of which `blend_weights` is the outer product."""
    ramp = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / max(1, overlap)) ** 2
    weights = np.ones(length)
    side = min(overlap, length)
    weights[:side] = ramp[:side]
    weights[length - side :] = np.minimum(
        weights[length - side :], ramp[::-1][overlap - side :]
    )
    return weights


def shares(
    starts: Sequence[int], tile: int, length: int, overlap: int
) -> dict[int, NDArray[np.float32]]:
    """Share of each tile in the pixels along one axis; at every pixel they sum to 1.

    The tiles form a grid, so that the total weight at a pixel is the product of the
    totals along y and along x: dividing by it needs no plane of weights.

    Returns
    -------
    For each start, the share of every pixel of that tile which lies in the plane.
    """
    weights = edge_weights(tile, overlap)
    total = np.zeros(length)
    for start in starts:
        total[start : start + tile] += weights[: length - start]
    return {
        start: (weights[: length - start] / total[start : start + tile]).astype(
            np.float32
        )
        for start in starts
    }


def _positions(length: int, config: TilingConfig) -> tuple[int, ...]:
    last = length - config.tile_size
    if last <= 0:
        return (0,)
    stride = config.tile_size - config.overlap
    return (*range(0, last, stride), last)


def _tile_side(length: int, config: TilingConfig) -> int:
    return min(config.tile_size, -(-length // SIZE_STEP) * SIZE_STEP)


def _meets(span: slice, pixels: range) -> bool:
    return bool(span.start <= max(pixels[0], pixels[-1])) and bool(
        span.stop > min(pixels[0], pixels[-1])
    )
