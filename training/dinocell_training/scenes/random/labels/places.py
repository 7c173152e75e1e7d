"""Where cells lie: anywhere, in clumps, or in rows like those of a tissue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from dinocell_training.scenes.random.labels.outlines import Point
    from napari_dinocell.engine.arrays import Shape2D


def scattered(
    rng: Generator, shape: Shape2D, spacing: float, *, clumps: float
) -> Iterator[Point]:
    """As many points (x, y) as squares of side `spacing` have room, and some around.

    Parameters
    ----------
    clumps
        Share of the points that lie a spacing away from an earlier one.
    """
    height, width = shape
    count = int((height + spacing) * (width + spacing) / spacing**2) + 1
    earlier: list[Point] = []
    for _ in range(count):
        if earlier and rng.random() < clumps:
            x, y = earlier[int(rng.integers(len(earlier)))]
            direction = rng.uniform(0, 2 * np.pi)
            x += spacing * float(np.cos(direction))
            y += spacing * float(np.sin(direction))
        else:
            half = spacing / 2
            x, y = (
                float(rng.uniform(-half, width + half)),
                float(rng.uniform(-half, height + half)),
            )
        earlier.append((x, y))
        yield x, y


def in_rows(
    rng: Generator, shape: Shape2D, spacing: float, *, jitter: float
) -> list[Point]:
    """Points (x, y) of a turned hexagonal grid, each shifted by up to `jitter`."""
    height, width = shape
    reach = int(np.hypot(height, width) / spacing / 2) + 2
    angle = rng.uniform(0, np.pi)
    cosine, sine = np.cos(angle), np.sin(angle)
    grid = np.arange(-reach, reach + 1)
    rows, columns = grid[:, None], grid[None, :]
    along = (columns + 0.5 * (rows % 2)) * spacing
    across = rows * (spacing * 0.866)
    x = width / 2 + along * cosine - across * sine
    y = height / 2 + along * sine + across * cosine
    shifts = rng.uniform(-jitter, jitter, (*x.shape, 2)) * spacing
    near = (-spacing < x) & (x < width + spacing)
    near &= (-spacing < y) & (y < height + spacing)
    points = np.stack([x, y], axis=-1)[near] + shifts[near]
    return [(x, y) for x, y in points.tolist()]
