"""Saddles: the highest ground on which one can walk from a basin into the next.

Two touching pixels of different basins meet at the height of the lower of the two. In
maps without any plateau a low pixel often touches several basins, so that equal saddles
are no exception; the higher pixel of the pair decides between them, as it would be
flooded first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands
from napari_dinocell.engine.watershed.terrain import as_rows, steps_ahead

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.watershed.basins import Basins

_WORD = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Saddles:
    """Passes between basins; several may lie between the same two basins."""

    one: NDArray[np.int32]
    """(M,): basin on one side."""
    other: NDArray[np.int32]
    """(M,): basin on the other side."""
    key: NDArray[np.uint64]
    """(M,): bits of the lower pixel's height, then of the higher one's. Keys sort like
    heights."""

    def heights(self) -> NDArray[np.float32]:
        """(M,): height of each saddle, that of the lower pixel."""
        return (self.key >> _WORD).astype(np.uint32).view(np.float32)

    def select(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Saddles:
        """The saddles chosen by an index or a mask."""
        return Saddles(self.one[which], self.other[which], self.key[which])


def find_saddles(terrain: DistanceMap, basins: Basins, *, workers: int = 1) -> Saddles:
    """Saddles of a rimmed terrain ((Z + 2,) Y + 2, X + 2).

    The highest one between each two basins is among them; most others are left out.
    """
    stride, steps = terrain.shape[-1], steps_ahead(terrain)
    numbers, bits = basins.numbers.ravel(), terrain.view(np.uint32).ravel()
    itself = np.arange(basins.heights.size)

    def band_saddles(band: slice) -> Saddles:
        sites = slice(band.start * stride, band.stop * stride)
        passes = [_passes(numbers, bits, sites, step) for step in steps]
        return strongest_between(itself, join(passes))

    # The last row, or plane, is rim: nothing lies ahead of it, and nothing has to.
    bands = row_bands(len(as_rows(terrain)) - steps[-1] // stride, stride)
    return join(map_bands(band_saddles, bands, workers=workers))


def no_saddles() -> Saddles:
    """Of a plane with a basin or none."""
    nothing = np.zeros(0, np.int32)
    return Saddles(nothing, nothing, np.zeros(0, np.uint64))


def join(parts: list[Saddles]) -> Saddles:
    """All saddles of several lists."""
    return Saddles(
        np.concatenate([part.one for part in parts]),
        np.concatenate([part.other for part in parts]),
        np.concatenate([part.key for part in parts]),
    )


def strongest_between(region: NDArray[np.intp], saddles: Saddles) -> Saddles:
    """Saddles between different regions, without those below another of their pair.

    Parameters
    ----------
    region
        (N + 1,): region of each basin.
    saddles
        Between any basins.

    Notes
    -----
    One hashed look-up instead of a sort: each pair of regions falls into a slot, its
    highest saddle owns it, and a saddle goes if its slot's owner is of the same pair
    and higher. Where two pairs share a slot, the weaker one is merely kept whole.
    """
    saddles = saddles.select(region[saddles.one] != region[saddles.other])
    pair = _pair_codes(region[saddles.one], region[saddles.other])
    slot, slots = _hash(pair)
    best = np.zeros(slots, np.uint64)
    np.maximum.at(best, slot, saddles.key)
    top = saddles.key == best[slot]
    owner = np.zeros(slots, np.uint64)
    owner[slot[top]] = pair[top]
    return saddles.select(top | (owner[slot] != pair))


def _pair_codes(one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.uint64]:
    """One number for each unordered pair."""
    codes = np.minimum(one, other).astype(np.uint64)
    codes <<= _WORD
    codes |= np.maximum(one, other).astype(np.uint64)
    return codes


def _hash(codes: NDArray[np.uint64]) -> tuple[NDArray[np.intp], int]:
    """A slot for each code, and the number of slots: one to two per code.

    Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
    """
    bits = max(4, codes.size.bit_length())
    spread = codes * np.uint64(0x9E3779B97F4A7C15)  # wraps around, as it should
    return (spread >> np.uint64(64 - bits)).astype(np.intp), 1 << bits


def _passes(
    numbers: NDArray[np.int32], bits: NDArray[np.uint32], sites: slice, step: int
) -> Saddles:
    """Every place where a pixel's neighbour one step on belongs to another basin."""
    ahead = slice(sites.start + step, sites.stop + step)
    here, there = numbers[sites], numbers[ahead]
    border = (here != there) & (here != 0) & (there != 0)
    which = np.flatnonzero(border)
    first, second = bits[sites][which], bits[ahead][which]
    key = np.minimum(first, second).astype(np.uint64) << _WORD
    key |= np.maximum(first, second)
    return Saddles(here[which], there[which], key)
