"""The distance map as a landscape: checked, cut at the floor, with a rim of zeros.

A map is a plane (Y, X), or a volume (Z, Y, X) whose pixels are voxels. A *site* is the
flat index of a pixel in the rimmed array. Thanks to the rim every pixel has its four
neighbours, or six, at fixed distances, and no code has to look out for the border.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.bands import array_bands, map_bands
from napari_dinocell.engine.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.bands import Band

Sites: TypeAlias = "NDArray[np.intp]"
"""Flat indices into a terrain, (N,)."""

ROUNDING = 1e-3
"""How far outside [0, 1] resizing and blending may carry a value; it is clipped."""


def is_flat(distance_map: NDArray[Any], *, floor: float) -> bool:
    """Whether a distance map nowhere rises above the floor; checks it on the way.

    Parameters
    ----------
    distance_map
        (Y, X) or (Z, Y, X) of any floating type and memory layout, values in [0, 1].
    floor
        In [0, 1).

    Raises
    ------
    ImageError
        If the map is neither 2-D nor 3-D, not floating, not finite, not in [0, 1], or
        too large.
    SettingsError
        If the floor is outside [0, 1).
    """
    if not 0 <= floor < 1:
        raise SettingsError(f"Expected a floor in [0, 1), got {floor}.")
    _check(distance_map)
    flat = True
    for band in array_bands(distance_map.shape) if distance_map.size else []:
        rows = distance_map[band]
        lowest, highest = float(rows.min()), float(rows.max())
        _check_range(lowest, highest)
        flat &= bool(np.float32(highest) <= np.float32(floor))
    return flat


def raise_terrain(
    distance_map: NDArray[Any], *, floor: float, workers: int = 1
) -> DistanceMap:
    """Copy a distance map into a rim of zeros; what lies at or below the floor is 0.

    Parameters
    ----------
    distance_map
        (Y, X) or (Z, Y, X), as `is_flat` has checked it.
    floor
        Pixels above it keep their value.

    Returns
    -------
    ((Z + 2,) Y + 2, X + 2), float32, C-contiguous, never sharing memory with the input.
    """
    terrain = np.zeros(rimmed(distance_map.shape), np.float32)
    inside = terrain[within_rim(terrain)]

    def fill(band: Band) -> None:
        given, rows = distance_map[band], inside[band]
        rows[...] = given
        np.clip(rows, np.float32(0), np.float32(1), out=rows)
        rows *= rows > np.float32(floor)

    if distance_map.size:
        map_bands(fill, array_bands(distance_map.shape), workers=workers)
    return terrain


def rimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the terrain of a map."""
    return tuple(length + 2 for length in shape)


def within_rim(terrain: NDArray[Any]) -> tuple[slice, ...]:
    """Index of the map inside its terrain."""
    return (slice(1, -1),) * terrain.ndim


def as_rows(terrain: NDArray[Any]) -> NDArray[Any]:
    """A terrain's rows, plane after plane, rim included: (rows, X + 2), a view."""
    return terrain.reshape(-1, terrain.shape[-1])


def steps_ahead(terrain: NDArray[Any]) -> tuple[int, ...]:
    """Distance from a site to the next one along X, Y and, in a volume, Z."""
    lengths = terrain.shape[:0:-1]
    return tuple(prod(lengths[:axis]) for axis in range(terrain.ndim))


def neighbour_steps(terrain: NDArray[Any]) -> tuple[int, ...]:
    """Distance from a site to each of its neighbours, ascending."""
    ahead = steps_ahead(terrain)
    return (*(-step for step in reversed(ahead)), *ahead)


def _check(distance_map: NDArray[Any]) -> None:
    if distance_map.ndim not in (2, 3):
        raise ImageError(
            "Expected a distance map of a plane (Y, X) or a volume (Z, Y, X), got "
            f"shape {distance_map.shape}. Pass one of these at a time."
        )
    if not np.issubdtype(distance_map.dtype, np.floating):
        raise ImageError(
            f"Expected a distance map of floating-point numbers in [0, 1], got "
            f"{distance_map.dtype}. Divide it by its largest possible value."
        )
    if prod(rimmed(distance_map.shape)) >= 2**31:
        raise ImageError(
            "Expected a distance map below 2**31 pixels, got "
            f"{' x '.join(map(str, distance_map.shape))}. Cut it into blocks."
        )


def _check_range(lowest: float, highest: float) -> None:
    # A NaN anywhere makes both extremes NaN.
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ImageError(
            "Expected a finite distance map, got NaN or infinite values. Check the "
            "image and the checkpoint it was predicted with."
        )
    if lowest < -ROUNDING or highest > 1 + ROUNDING:
        raise ImageError(
            f"Expected distances in [0, 1], got {lowest:.4g} to {highest:.4g}. "
            "Normalise the map so that 1 is a cell's innermost pixel."
        )
