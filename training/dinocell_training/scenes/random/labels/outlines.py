"""Outlines of single cells as polygons: blobs, rods, crescents, thin processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.scenes.random.labels.canvas import Outline

    Point = tuple[float, float]
    """(x, y) in pixels."""

CORNERS = np.linspace(0, 2 * np.pi, 32, endpoint=False)
"""Directions of a blob's points."""

COSINES, SINES = np.cos(CORNERS), np.sin(CORNERS)

CRESTS = np.arange(2, 7)
WANING = np.sqrt(CRESTS - 1)
"""Waves of a blob by their number of crests, and by what they get lower."""

WAVES = np.exp(1j * CRESTS[:, None] * CORNERS)
"""(5, 32) the waves at a blob's points, their phase 0."""

CAP = np.linspace(-np.pi / 2, np.pi / 2, 7)
"""Directions of the points that round the end of a rod."""

CAP_POINTS = np.column_stack([np.cos(CAP), np.sin(CAP)])
"""(7, 2) of the end of a rod that points along x."""


def blob(
    rng: Generator,
    centre: Point,
    radius: float,
    *,
    stretch: float = 1.0,
    angle: float = 0.0,
    rough: float = 0.0,
) -> Outline:
    """An ellipse whose radius is varied by waves.

    Parameters
    ----------
    radius
        Of the disc of the same area, in pixels.
    stretch
        Long axis over short axis.
    angle
        Of the long axis, in radians.
    rough
        Height of the waves, in radii; 0.2 is lobed.
    """
    heights = rough * rng.standard_normal(len(CRESTS)).clip(-1.8, 1.8) / WANING
    phases = rng.uniform(0, 2 * np.pi, len(CRESTS))
    relative = 1 + ((heights * np.exp(1j * phases)) @ WAVES).real
    relative = np.maximum(relative, 0.3) * radius
    along = relative * COSINES * np.sqrt(stretch)
    across = relative * SINES / np.sqrt(stretch)
    return _placed(along, across, centre, angle)


def crescent(centre: Point, radius: float, *, bend: float, angle: float) -> Outline:
    """A sickle: a thin ellipse bent so far that its tips point the same way."""
    along = 1.6 * radius * COSINES
    across = 0.55 * radius * SINES
    across = across + bend * radius * ((along / (1.6 * radius)) ** 2 - 0.4)
    return _placed(along, across, centre, angle)


def tube(spine: NDArray[np.float64], width: float) -> Outline:
    """What lies within half a width of a curve: a rod with round ends.

    Parameters
    ----------
    spine
        (N, 2) points (x, y), at least two.
    """
    steps = np.empty_like(spine)
    steps[1:] = spine[1:] - spine[:-1]
    steps[0] = steps[1]
    steps /= np.sqrt((steps**2).sum(axis=1, keepdims=True)) + 1e-9
    normals = steps[:, ::-1] * (-1, 1)
    half = width / 2
    sides = spine - half * normals, spine[::-1] + half * normals[::-1]
    ends = _cap(spine[-1], steps[-1], half), _cap(spine[0], -steps[0], half)
    return np.concatenate([sides[0], ends[0], sides[1], ends[1]])


def process(
    base: Point, angle: float, length: float, width: float, bend: float
) -> Outline:
    """A thin protrusion that gets thinner from `width` at its base to a point."""
    t = np.linspace(0, 1, 8)
    direction = angle + bend * t
    steps = _directed(direction)
    spine = np.array(base) + steps.cumsum(axis=0) * (length / 8)
    normals = steps[:, ::-1] * (-1, 1)
    half = (0.5 * width * (1 - 0.8 * t))[:, None]
    return np.concatenate([spine - half * normals, (spine + half * normals)[::-1]])


def walk(
    rng: Generator, start: Point, angle: float, length: float, *, bend: float
) -> NDArray[np.float64]:
    """A crooked curve (N, 2) of a length in pixels; `bend` in radians, all in all."""
    count = max(3, round(length / 4))
    turns = rng.standard_normal(count).cumsum() / np.sqrt(count)
    direction = angle + bend * (turns - turns.mean())
    points = _directed(direction).cumsum(axis=0) * (length / count)
    curve: NDArray[np.float64] = points - points.mean(axis=0) + np.array(start)
    return curve


def _cap(
    end: NDArray[np.float64], step: NDArray[np.float64], half: float
) -> NDArray[np.float64]:
    x, y = step
    cap: NDArray[np.float64] = end + half * (CAP_POINTS @ np.array([(x, y), (-y, x)]))
    return cap


def _directed(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) angles -> (N, 2) steps (x, y) of length 1."""
    steps = np.empty((len(angles), 2))
    np.cos(angles, out=steps[:, 0])
    np.sin(angles, out=steps[:, 1])
    return steps


def _placed(
    along: NDArray[np.float64], across: NDArray[np.float64], centre: Point, angle: float
) -> Outline:
    cosine, sine = np.cos(angle), np.sin(angle)
    x = centre[0] + along * cosine - across * sine
    y = centre[1] + along * sine + across * cosine
    return np.stack([x, y], axis=1)
