"""Where cells lie: in clusters and gaps, touching but hardly on top of each other.

Positions may lie in a margin outside the image: cells cut by its border are part of
any real picture. Knows bodies, no light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.fields import Field, smooth_noise
from dinocell_training.scenes.shapes import Body, radius_towards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.arrays import Shape2D

TRIALS = 25
"""Places at which a body is tried before it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settlement:
    """What decides where cells settle and how they lean."""

    crowding: Field
    """(Y, X): chance in [0, 1] that a cell stays where it has fallen."""
    leaning: Field
    """(Y, X): radians, added to the angle of a cell."""
    neighbours: float = 0.4
    """Share of cells that settle against one that is already there."""
    overlap: float = 0.06
    """How deep two outlines may lie in each other, as a share of their distance."""

    @classmethod
    def random(
        cls, rng: np.random.Generator, shape: Shape2D, *, overlap: float
    ) -> Settlement:
        """Denser and looser regions, in which neighbours lean the same way."""
        crowding = 1 / (1 + np.exp(-1.3 * (smooth_noise(rng, shape, 60) + 0.7)))
        leaning = 1.3 * smooth_noise(rng, shape, 75)
        return cls(crowding=crowding, leaning=leaning, overlap=overlap)


def place_bodies(
    rng: np.random.Generator, bodies: Sequence[Body], settlement: Settlement
) -> dict[int, Body]:
    """Lay bodies onto the ground, one after the other.

    Returns
    -------
    The bodies in their places by their index in `bodies`; those that did not fit
    are left out.
    """
    placed: dict[int, Body] = {}
    for index, body in enumerate(bodies):
        settled = list(placed.values())
        for _ in range(TRIALS):
            candidate = _dropped(rng, body, settled, settlement)
            if candidate is not None and _fits(candidate, settled, settlement.overlap):
                placed[index] = candidate
                break
    return placed


def gap_between(first: Body, second: Body) -> float:
    """Pixels between two outlines along the line of their centres; negative inside."""
    dy, dx = second.y - first.y, second.x - first.x
    direction = float(np.arctan2(dy, dx))
    touching = radius_towards(first, direction)
    touching += radius_towards(second, direction + np.pi)
    return float(np.hypot(dy, dx)) - touching


def _dropped(
    rng: np.random.Generator, body: Body, settled: list[Body], settlement: Settlement
) -> Body | None:
    """The body somewhere on the ground; None where chance keeps it away."""
    height, width = settlement.crowding.shape
    if settled and rng.random() < settlement.neighbours:
        body = _beside(rng, body, settled[rng.integers(len(settled))])
    else:
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        body = replace(body, y=float(y), x=float(x))
    if not (0 <= body.y < height and 0 <= body.x < width):
        return None
    pixel = int(body.y), int(body.x)
    if rng.random() > settlement.crowding[pixel]:
        return None
    return replace(body, angle=body.angle + float(settlement.leaning[pixel]))


def _beside(rng: np.random.Generator, body: Body, other: Body) -> Body:
    """The body moved until its outline roughly touches the other's."""
    direction = float(rng.uniform(0, 2 * np.pi))
    distance = radius_towards(other, direction)
    distance += radius_towards(body, direction + np.pi)
    distance *= float(rng.uniform(0.97, 1.08))
    return replace(
        body,
        y=other.y + distance * float(np.sin(direction)),
        x=other.x + distance * float(np.cos(direction)),
    )


def _fits(body: Body, settled: list[Body], overlap: float) -> bool:
    """Whether no other body lies too deep in this one."""
    for other in settled:
        distance = float(np.hypot(other.y - body.y, other.x - body.x))
        if distance > body.reach + other.reach:
            continue
        touching = distance - gap_between(body, other)
        if distance < touching * (1 - overlap):
            return False
    return True
