"""Waists: where a column of cross-sections narrows, one cell ends and another begins.

The map of a slice is 1 at the innermost pixel of every cross-section, whether that is a
cell's widest or only its tip. Of two cells that lie on one another the stacked maps
therefore have no saddle between them; what tells them apart is that the cross-sections
narrow towards the place where they touch, and widen behind it. There the stacked map
is lowered, so that a saddle appears.

How narrow a waist must be depends on the spacing of the slices, and this is how
**anisotropy** enters. Two spheres of radius r touch in a slice, where neither of them
is seen (and the gap is bridged); the slices before and behind it, at a distance s, show
cross-sections of radius

    r q,   q^2 = 1 - (1 - s/r)^2,

which is hardly narrower than r where slices are far apart. A waist of this relative
width q is lowered to `TOUCHING`, below usual seed thresholds, a wider one by less, a
narrower one by more, as a power of its width. A cell that only narrows, or only widens,
along z has no waist, and of a volume of one slice nothing is lowered.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from napari_dinocell.engine.bands import map_bands, row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap

INSIDE = 0.25
"""Of a slice's map: above it lies the cross-section whose width is measured."""

UNCHANGED = 0.1
"""Distances up to this one are not lowered: what is foreground in the slices stays
foreground."""

TOUCHING = 0.35
"""What is left of the distances above it where two spheres would touch."""

RISE = 1.1
"""By this factor a cross-section must widen again for a cell to begin."""

SHARPEST, BLUNTEST = 0.3, 0.75
"""Relative widths of the waist of touching spheres that are told from noise."""

Radii: TypeAlias = "NDArray[np.float32]"
"""(Z, Y, X): pixels to the nearest end of the cross-section that a voxel lies in; 0
outside of all."""


def lower_waists(maps: DistanceMap, z_spacing: float, *, workers: int = 1) -> None:
    """Lower the stacked maps where cells narrow and widen again, **in place**.

    Parameters
    ----------
    maps
        (Z, Y, X), float32: one map per slice.
    z_spacing
        From slice to slice, in pixels.
    workers
        Threads.
    """
    depth, height, width = maps.shape
    if depth < 3:
        return
    radii = np.empty(maps.shape, np.float32)

    def measure(z: slice) -> None:
        inside = (maps[z.start] > np.float32(INSIDE)).view(np.uint8)
        cv2.distanceTransform(inside, cv2.DIST_L2, 3, dst=radii[z.start])

    def lower(rows: slice) -> None:
        _lower_columns(maps[:, rows], radii[:, rows], z_spacing)

    map_bands(measure, [slice(z, z + 1) for z in range(depth)], workers=workers)
    map_bands(lower, row_bands(height, width * depth), workers=workers)


def _lower_columns(maps: DistanceMap, radii: Radii, z_spacing: float) -> None:
    """The same for some rows of all slices."""
    below = _widest_so_far(radii)
    above = _widest_so_far(radii[::-1])[::-1]
    np.minimum(below, above, out=below)  # of the narrower of two cells
    waist = np.flatnonzero((radii < below) & (radii > 0))
    widest = below.ravel()[waist]
    share = radii.ravel()[waist] / widest
    share **= _sharpness(widest / np.float32(1 - INSIDE), z_spacing)
    flat = np.unravel_index(waist, maps.shape)
    distances = maps[flat]
    lowered = UNCHANGED + (distances - UNCHANGED) * share
    maps[flat] = np.where(distances > UNCHANGED, lowered, distances)


def _widest_so_far(radii: Radii) -> Radii:
    """Widest cross-section of the cell that a scan from the first slice on is in.

    It is forgotten where cross-sections widen again: there the next cell begins.
    """
    widest = np.empty_like(radii)
    top = radii[0].copy()
    low = radii[0].copy()
    for z, here in enumerate(radii):
        np.minimum(low, here, out=low)
        begins = here > low * np.float32(RISE)
        np.maximum(top, here, out=top)
        np.copyto(top, here, where=begins)
        np.copyto(low, here, where=begins)
        widest[z] = top
    return widest


def _sharpness(radius: NDArray[np.float32], z_spacing: float) -> NDArray[np.float32]:
    """Power by which the waist between touching spheres becomes `TOUCHING`."""
    width = np.sqrt(1 - np.maximum(0, 1 - np.float32(z_spacing) / radius) ** 2)
    power: NDArray[np.float32] = np.float32(log(TOUCHING)) / np.log(
        np.clip(width, SHARPEST, BLUNTEST)
    )
    return power
