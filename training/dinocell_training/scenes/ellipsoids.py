"""Ellipsoids in a volume: where they lie, and which of them each voxel belongs to.

Lengths are in pixels along all axes; slices may lie farther apart than pixels. Knows
neither light nor camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Labels

    Vector = NDArray[np.float64]

SIZES = 0.75, 1.25
"""Radii of cells, as shares of the usual one."""

ELONGATION = 0.8, 1.25
"""Semi-axes of a cell, as shares of its radius."""

GAP = 0.92
"""Shortest distance of two centres, as a share of the sum of the radii: cells touch,
and flatten a little where they do."""

TRIES = 40
"""Places that are tried for each cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ellipsoid:
    """One cell: where it lies, and how it is stretched and turned."""

    centre: Vector
    """(3,): z, y, x."""
    axes: Vector
    """(3,): semi-axes; the first one stays along z."""
    angle: float
    """By which the other two are turned, in radians."""

    @property
    def radius(self) -> float:
        """Of the ball of the same volume."""
        return float(np.prod(self.axes) ** (1 / 3))


def settle_ellipsoids(
    rng: np.random.Generator, extent: tuple[float, float, float], *, radius: float
) -> list[Ellipsoid]:
    """Cells in a box, half of them beside a former one that they touch.

    Parameters
    ----------
    rng
        Source of chance.
    extent
        Of the box, along z, y and x.
    radius
        Usual one of a cell.
    """
    box = np.array(extent)
    wanted = round(0.3 * box.prod() / (4 / 3 * np.pi * radius**3))
    found: list[Ellipsoid] = []
    for _ in range(wanted):
        size = radius * rng.uniform(*SIZES)
        for _ in range(TRIES):
            place = _place(rng, box, size, found)
            if _fits(place, size, found):
                axes = size * rng.uniform(*ELONGATION, 3)
                angle = float(rng.uniform(0, np.pi))
                found.append(Ellipsoid(centre=place, axes=axes, angle=angle))
                break
    return found


def _place(
    rng: np.random.Generator, box: Vector, size: float, found: Sequence[Ellipsoid]
) -> Vector:
    """Anywhere, or beside a cell in a direction of chance."""
    if not found or rng.random() < 0.5:
        return rng.uniform(0, box)
    beside = found[int(rng.integers(len(found)))]
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    place: Vector = beside.centre + direction * (GAP + 0.01) * (size + beside.radius)
    return np.clip(place, 0, box)


def _fits(place: Vector, size: float, found: Sequence[Ellipsoid]) -> bool:
    return all(
        np.linalg.norm(place - cell.centre) >= GAP * (size + cell.radius)
        for cell in found
    )


def draw_ellipsoids(
    cells: Sequence[Ellipsoid], shape: tuple[int, int, int], z_spacing: float
) -> tuple[Labels, Field]:
    """Who owns each voxel, and how deep inside it lies.

    Returns
    -------
    (Z, Y, X) int32, ids from 1 in the order of the cells; and (Z, Y, X) float32, 1 at
    the centre of a cell and 0 on its surface and outside.
    """
    labels = np.zeros(shape, np.int32)
    depth = np.zeros(shape, np.float32)
    for number, cell in enumerate(cells, start=1):
        place = _bounds(cell, shape, z_spacing)
        inside = _depth(cell, place, z_spacing)
        deeper = inside > depth[place]
        depth[place][deeper] = inside[deeper]
        labels[place][deeper] = number
    return labels, depth


def _bounds(
    cell: Ellipsoid, shape: tuple[int, int, int], z_spacing: float
) -> tuple[slice, slice, slice]:
    reach = float(cell.axes[1:].max())
    spans = []
    for centre, radius, step, length in zip(
        cell.centre,
        (cell.axes[0], reach, reach),
        (z_spacing, 1.0, 1.0),
        shape,
        strict=True,
    ):
        first = max(0, int(np.ceil((centre - radius) / step)))
        last = min(length - 1, int((centre + radius) / step))
        spans.append(slice(first, max(first, last + 1)))
    return spans[0], spans[1], spans[2]


def _depth(
    cell: Ellipsoid, place: tuple[slice, slice, slice], z_spacing: float
) -> Field:
    """Of the voxels of a box."""
    z, y, x = np.ogrid[place]
    down, across = y - cell.centre[1], x - cell.centre[2]
    cosine, sine = np.cos(cell.angle), np.sin(cell.angle)
    along = (cosine * down + sine * across) / cell.axes[1]
    beside = (cosine * across - sine * down) / cell.axes[2]
    upward = (z * z_spacing - cell.centre[0]) / cell.axes[0]
    distance = np.sqrt(upward**2 + along**2 + beside**2)
    depth: Field = np.maximum(0, 1 - distance).astype(np.float32)
    return depth
