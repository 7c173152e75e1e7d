"""Random cell outlines as a depth: 0 at the centre, 1 on the outline.

A body is an ellipse, optionally bent like a banana, whose radius is varied by waves
and arms. Lengths are in pixels, (y, x) order. Knows nothing of light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dinocell_training.scenes.fields import Field, Place

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Shape2D

WAVE_WEIGHTS = {2: 1.0, 3: 0.6, 4: 0.4, 5: 0.3, 6: 0.25, 7: 0.2}
"""Height of a wave by its number of crests: cells are rather oval than triangular."""

SMALLEST_RADIUS = 0.2
"""Radii: no dent of an outline is deeper."""

Angle = TypeVar("Angle", float, Field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A ripple of an outline: radius * (1 + height * cos(crests * angle + phase))."""

    crests: int
    height: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A protrusion of an outline."""

    direction: float
    """Radians, in the frame of the body."""
    height: float
    """Added to the radius, in radii."""
    sharpness: float
    """5 is a broad corner, 50 a thin process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What shape a cell has, and where it lies."""

    y: float = 0.0
    x: float = 0.0
    angle: float = 0.0
    """Of the long axis, radians from the x axis towards y."""
    length: float
    """Half of the long axis."""
    width: float
    """Half of the short axis."""
    bend: float = 0.0
    """How far the tips lie off the axis, in half widths."""
    corners: float = 2.0
    """2 is an ellipse; 4 is nearly a rectangle with round corners."""
    waves: tuple[Wave, ...] = ()
    arms: tuple[Arm, ...] = ()

    @property
    def radius(self) -> float:
        """Of the disc with the area of the ellipse."""
        return float(np.sqrt(self.length * self.width))

    @property
    def reach(self) -> float:
        """No part of the body is farther from its centre."""
        longest = 1 + sum(abs(wave.height) for wave in self.waves)
        longest += sum(arm.height for arm in self.arms)
        corner = 2 ** (0.5 - 1 / self.corners)
        sagging = self.width * abs(self.bend)
        return (max(self.length, self.width) + sagging) * longest * corner


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The pixels around a body, in the coordinates of the image and of the body."""

    place: Place
    along: Field
    """Pixels from the centre along the body's axis."""
    across: Field
    """Pixels from the centre across it."""


def random_waves(rng: np.random.Generator, irregularity: float) -> tuple[Wave, ...]:
    """Waves that get lower the finer they are."""
    return tuple(
        Wave(
            crests=crests,
            height=float(irregularity * weight * np.clip(rng.normal(), -1.8, 1.8)),
            phase=float(rng.uniform(0, 2 * np.pi)),
        )
        for crests, weight in WAVE_WEIGHTS.items()
    )


def grid_around(body: Body, shape: Shape2D, *, margin: float = 3.0) -> Grid | None:
    """The pixels of a plane that a body may touch; None if it lies outside."""
    reach = body.reach + margin
    top, left = max(0, int(body.y - reach)), max(0, int(body.x - reach))
    bottom = min(shape[0], int(body.y + reach) + 2)
    right = min(shape[1], int(body.x + reach) + 2)
    if top >= bottom or left >= right:
        return None
    dy = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(body.y)
    dx = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(body.x)
    cosine, sine = np.float32(np.cos(body.angle)), np.float32(np.sin(body.angle))
    return Grid(
        place=(slice(top, bottom), slice(left, right)),
        along=dx * cosine + dy * sine,
        across=dy * cosine - dx * sine,
    )


def depth_of(body: Body, grid: Grid) -> Field:
    """0 at the centre, 1 on the outline, more outside; smooth everywhere."""
    along, across = grid.along / body.length, grid.across / body.width
    if body.bend:
        across = across - body.bend * (along**2 - np.float32(0.3))
    if body.corners == 2:
        distance: Field = np.hypot(along, across)
    else:
        sides = np.abs(along) ** body.corners + np.abs(across) ** body.corners
        distance = sides ** (1 / body.corners)
    if not body.waves and not body.arms:
        return distance
    radius = _relative_radius(body, np.arctan2(across, along))
    distance /= np.maximum(radius, np.float32(SMALLEST_RADIUS))
    return distance


def radius_towards(body: Body, direction: float) -> float:
    """Distance from the centre to the outline, as seen in one direction.

    Bends and corners are left out: it says whether two bodies touch, roughly.
    """
    angle = direction - body.angle
    across, along = np.sin(angle) / body.width, np.cos(angle) / body.length
    ratio = _relative_radius(body, float(np.arctan2(across, along)))
    return float(max(ratio, SMALLEST_RADIUS) / np.hypot(across, along))


def _relative_radius(body: Body, angle: Angle) -> Angle:
    """Radius of the outline in radii of its ellipse, by the angle within that."""
    radius = 1 + 0 * angle
    for wave in body.waves:
        radius = radius + wave.height * np.cos(wave.crests * angle + wave.phase)
    for arm in body.arms:
        aside = np.cos(angle - arm.direction) - 1
        radius = radius + arm.height * np.exp(arm.sharpness * aside)
    return radius
