"""What a model finds in a plane that is hardly more than noise, judged as a whole.

By the rule of `inference.doubt`. Each block tells how high and how large its objects
are, and which region each lies in; joined over the seams, they are judged together.
Then each block knows which of its regions stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy import ndimage

from napari_dinocell.engine.blocks.grid import Window
from napari_dinocell.engine.blocks.seams import Sides, border_first, number_over_plane
from napari_dinocell.engine.inference.doubt import BETWEEN, SEED, sure_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Mask
    from napari_dinocell.engine.blocks.grid import BlockGrid, Plane


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """What one block knows of the objects of the plane: all but its pixels."""

    objects: Sides
    """Object of each pixel along the sides, 0 for none; those at the sides are
    numbered first."""
    regions: Sides
    """Region of each pixel along the sides, likewise."""
    outer: tuple[int, int]
    """How many objects, and regions, reach the sides."""
    peaks: NDArray[np.float32]
    """(O,): height of each object in the block."""
    pixels: NDArray[np.int64]
    """(O,): its pixels in the block."""
    where: NDArray[np.int32]
    """(O,): region that it lies in."""
    count: int
    """Number of regions."""


def findings_of(distances: DistanceMap) -> tuple[Findings, NDArray[np.int32]]:
    """What a block (Y, X) of the map tells, and its regions (Y, X), 0 for none."""
    objects, count, outer = _parts(distances > SEED)
    regions, region_count, outer_regions = _parts(distances > BETWEEN)
    where = np.zeros(count + 1, np.int32)
    where[objects.ravel()] = regions.ravel()
    names = np.arange(1, count + 1)
    peaks = np.asarray(ndimage.maximum(distances, objects, names), np.float32)
    found = Findings(
        objects=Sides.of(objects),
        regions=Sides.of(regions),
        outer=(outer, outer_regions),
        peaks=peaks,
        pixels=np.bincount(objects.ravel(), minlength=count + 1)[1:],
        where=where[1:],
        count=region_count,
    )
    return found, regions


def judge(
    grid: BlockGrid, blocks: Sequence[Findings], certainty: float
) -> list[Mask] | None:
    """Which regions of each block (R + 1,) stay, entry 0 being False; None for all.

    Parameters
    ----------
    grid, blocks
        All blocks of the plane.
    certainty
        That the plane asks for.
    """
    count, objects = number_over_plane(
        grid,
        [b.objects for b in blocks],
        [b.outer[0] for b in blocks],
        [b.peaks.size for b in blocks],
    )
    peaks, pixels = np.zeros(count, np.float32), np.zeros(count, np.int64)
    for block, number in zip(blocks, objects, strict=True):
        np.maximum.at(peaks, number[1:], block.peaks)
        np.add.at(pixels, number[1:], block.pixels)
    sure = sure_objects(peaks, pixels, certainty)
    if sure is None:
        return None
    region_count, regions = number_over_plane(
        grid,
        [b.regions for b in blocks],
        [b.outer[1] for b in blocks],
        [b.count for b in blocks],
    )
    stay = np.zeros(region_count + 1, np.bool_)  # -1 stands for no region
    for block, number, region in zip(blocks, objects, regions, strict=True):
        stay[region[block.where[sure[number[1:]]]]] = True
    return [stay[region] for region in regions]


class BelievedPixels:
    """Pixels of the plane whose regions stay, of which windows can be read.

    Parameters
    ----------
    grid
        The blocks.
    regions
        Gives the regions (Y, X) of a block.
    stay
        Gives which of them stay (R + 1,).
    """

    def __init__(
        self,
        grid: BlockGrid,
        regions: Callable[[int], Plane],
        stay: Callable[[int], Mask],
    ) -> None:
        self.shape = grid.shape
        self._grid = grid
        self._regions = regions
        self._stay = stay

    def __getitem__(self, part: tuple[slice, slice]) -> Mask:
        """Mask (Y, X) of rows and columns, which have start and stop."""
        rows, columns = part
        wanted = Window(rows.start, rows.stop, columns.start, columns.stop)
        result = np.zeros(wanted.shape, np.bool_)
        for number in self._grid.meeting(wanted):
            block = self._grid.window(number)
            common = wanted.common(block)
            assert common is not None  # as it meets what is wanted
            regions = self._regions(number)[common.inside(block)]
            result[common.inside(wanted)] = self._stay(number)[regions]
        return result


def _parts(mask: Mask) -> tuple[NDArray[np.int32], int, int]:
    """Part of each pixel, number of parts, and of those at the border."""
    count, parts = cv2.connectedComponents(
        mask.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    numbers, outer = border_first(parts, count - 1)
    return numbers, count - 1, outer
