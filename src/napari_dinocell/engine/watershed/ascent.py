"""Steepest ascent: where a drop that runs uphill goes from each pixel.

Each pixel points to the highest of its four neighbours, if one is higher than itself.
What this rule leaves open (flat ground, equally high neighbours) is only collected
here and decided in `plateaus`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands
from napari_dinocell.engine.watershed.terrain import neighbour_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.watershed.terrain import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """The way uphill from every site of a terrain."""

    target: NDArray[np.int32]
    """(Y + 2, X + 2): site of the highest neighbour; the site itself where none is
    higher; 0 for background."""
    flat: Sites
    """Sites that no neighbour overtops, ascending: summits and inner plateaus."""
    tied: Sites
    """Sites with several equally high ways up, ascending."""


def climb(terrain: DistanceMap, *, workers: int = 1) -> Ascent:
    """Point every pixel of a rimmed terrain (Y + 2, X + 2) at its highest neighbour."""
    bits = terrain.view(np.uint32)
    target = np.zeros(terrain.shape, np.int32)

    def climb_band(band: slice) -> tuple[Sites, Sites]:
        return _climb_rows(bits, target, band.start + 1, band.stop + 1)

    bands = row_bands(terrain.shape[0] - 2, terrain.shape[1])
    found = map_bands(climb_band, bands, workers=workers)
    nothing = np.zeros(0, np.intp)
    return Ascent(
        target=target,
        flat=np.concatenate([nothing, *(flat for flat, _ in found)]),
        tied=np.concatenate([nothing, *(tied for _, tied in found)]),
    )


def _climb_rows(
    bits: NDArray[np.uint32], target: NDArray[np.int32], top: int, bottom: int
) -> tuple[Sites, Sites]:
    """Fill rows top to bottom of `target`; return their flat and their tied sites.

    The bits of a float in [0, 1] sort like the float and leave two bits unused. These
    carry the direction (0 up, 1 left, 2 right, 3 down), so that one maximum finds the
    highest neighbour and where it lies. A second maximum with the directions counted
    backwards finds the same neighbour unless two are equally high.
    """
    stride = bits.shape[1]
    start, stop = top * stride, bottom * stride
    around = bits.ravel()[start - stride : stop + stride] << np.uint32(2)
    ways = [
        around[stride + step : stride + step + stop - start]
        for step in neighbour_steps(bits)
    ]
    here = around[stride:-stride]
    best = _highest(ways, (0, 1, 2, 3))
    backwards = _highest(ways, (3, 2, 1, 0))

    ground = here != 0  # never the rim, whose neighbours are not its own
    rises = best > (here | np.uint32(3))
    rises &= ground
    backwards ^= best
    backwards &= np.uint32(3)
    tied = backwards != 3
    tied &= rises

    sites = target.ravel()[start:stop]
    np.add(_steps(best, stride), np.arange(start, stop, dtype=np.int32), out=sites)
    sites *= rises
    flat = np.flatnonzero(ground > rises) + start
    sites[flat - start] = flat
    return flat, np.flatnonzero(tied) + start


def _highest(
    ways: list[NDArray[np.uint32]], codes: tuple[int, ...]
) -> NDArray[np.uint32]:
    """Largest of the neighbours' heights, each with its code in the two low bits."""
    best = ways[0] | np.uint32(codes[0])
    for way, code in zip(ways[1:], codes[1:], strict=True):
        np.maximum(best, way | np.uint32(code), out=best)
    return best


def _steps(best: NDArray[np.uint32], stride: int) -> NDArray[np.int32]:
    """Directions 0, 1, 2, 3 as steps -stride, -1, 1, stride, without a table."""
    direction = (best & np.uint32(3)).view(np.int32)
    length = direction >> 1
    length ^= direction
    length &= 1  # 1 for left and right
    length *= 1 - stride
    length += stride
    direction &= 2
    direction -= 1  # -1 for up and left
    direction *= length
    return direction
