"""What lies in a culture dish besides cells: crumbs, floating balls, dust.

Everything is added to the delay of light; nothing of it is a cell in the truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.shapes import Body, grid_around

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field, Place

PIXELS_PER_CRUMB_TRAIL = 4500
PIXELS_PER_BALL = 90_000
PIXELS_PER_DUST_RING = 90_000


def add_debris(rng: np.random.Generator, delay: Field) -> None:
    """Add all kinds to a delay (Y, X) in radians, in place."""
    for _ in range(delay.size // PIXELS_PER_CRUMB_TRAIL):
        _add_crumbs(rng, delay)
    for _ in range(delay.size // PIXELS_PER_BALL):
        _add_balls(rng, delay)
    for _ in range(delay.size // PIXELS_PER_DUST_RING):
        _add_dust_ring(rng, delay)


def _anywhere(rng: np.random.Generator, delay: Field) -> tuple[float, float]:
    """A random point (y, x) of the plane."""
    height, width = delay.shape
    return float(rng.uniform(0, height)), float(rng.uniform(0, width))


def _around(delay: Field, y: float, x: float, reach: float) -> tuple[Place, Field]:
    """The pixels around a point, and their squared distance from it."""
    point = Body(y=y, x=x, length=reach, width=reach)
    grid = grid_around(point, delay.shape, margin=1)
    if grid is None:
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32)
    return grid.place, grid.along**2 + grid.across**2


def _add_crumbs(rng: np.random.Generator, delay: Field) -> None:
    """One to five bits of membrane in a crooked row, as retracting cells leave them."""
    y, x = _anywhere(rng, delay)
    direction = rng.uniform(0, 2 * np.pi)
    for _ in range(int(rng.choice([1, 1, 2, 3, 5]))):
        radius, depth = rng.uniform(0.9, 1.9), float(rng.uniform(0.1, 0.4))
        place, squared = _around(delay, y, x, 4 * radius)
        delay[place] += depth * np.exp(-0.5 * squared / float(radius) ** 2)
        direction += rng.normal(0, 1)
        step = float(rng.uniform(2, 4.5))
        y, x = y + step * float(np.sin(direction)), x + step * float(np.cos(direction))


def _add_balls(rng: np.random.Generator, delay: Field) -> None:
    """A dead cell or a cluster of its fragments: small, thick and therefore bright."""
    y, x = _anywhere(rng, delay)
    for _ in range(int(rng.choice([1, 1, 3, 4]))):
        radius, depth = float(rng.uniform(2.5, 6)), float(rng.uniform(3, 7))
        place, squared = _around(delay, y, x, radius)
        delay[place] += depth * np.maximum(1 - squared / radius**2, 0) ** 0.7
        y, x = y + float(rng.normal(0, 6)), x + float(rng.normal(0, 6))


def _add_dust_ring(rng: np.random.Generator, delay: Field) -> None:
    """Faint rings of a speck far out of focus."""
    y, x = _anywhere(rng, delay)
    radius, depth = float(rng.uniform(12, 24)), float(rng.uniform(0.02, 0.05))
    place, squared = _around(delay, y, x, 2 * radius)
    share = squared / radius**2
    delay[place] += depth * np.cos(5 * share) * np.exp(-(share**2))
