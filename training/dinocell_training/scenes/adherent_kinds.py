"""The kinds of cells in an adherent culture, and how the cells of a kind vary.

Lengths are in pixels of 0.65 µm (a 10x objective).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dinocell_training.scenes.adherent_cell import (
    TEXTURE_SIDE,
    AdherentCell,
    Core,
    Spot,
)
from dinocell_training.scenes.shapes import Arm, Body, random_waves

if TYPE_CHECKING:
    from collections.abc import Sequence

Range: TypeAlias = tuple[float, float]
"""Least and most of an even distribution."""

PIXEL_SIZE_UM = 0.65
"""6.5 µm pixels behind a 10x objective."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the spread cells of one kind look."""

    share: float
    """How frequent they are."""
    radius: Range
    """Pixels, without arms."""
    aspect: Range
    arms: tuple[int, int]
    corner: float
    """Height of the broad base of an arm, in radii."""
    process: float
    """Height of its thin end, in radii."""
    sheet: Range
    """Radians."""
    dome: Range
    """Radians."""
    opposed: bool = False
    """Whether its arms lie at the two ends of the long axis."""


SPINDLE = Kind(
    share=0.32,
    radius=(11, 19),
    aspect=(2.2, 4.5),
    arms=(2, 2),
    corner=0.25,
    process=1.0,
    sheet=(0.35, 0.95),
    dome=(0.4, 0.95),
    opposed=True,
)
STELLATE = Kind(
    share=0.48,
    radius=(10, 20),
    aspect=(1.1, 2.1),
    arms=(3, 5),
    corner=0.5,
    process=1.3,
    sheet=(0.25, 0.8),
    dome=(0.35, 0.85),
)
FLAT = Kind(
    share=0.2,
    radius=(19, 28),
    aspect=(1.1, 1.9),
    arms=(3, 4),
    corner=0.3,
    process=0.25,
    sheet=(0.12, 0.25),
    dome=(0.2, 0.45),
)
KINDS = (SPINDLE, STELLATE, FLAT)

ROUND_SHARE = 0.05
"""How many have rounded up, to divide or as they are about to detach."""


def random_cell(rng: np.random.Generator) -> AdherentCell:
    """A cell of a random kind."""
    if rng.random() < ROUND_SHARE:
        return _round_cell(rng)
    shares = [kind.share for kind in KINDS]
    kind = KINDS[int(rng.choice(len(KINDS), p=shares))]
    body = _random_body(rng, kind)
    return AdherentCell(
        body=body,
        texture_origin=_random_origin(rng),
        core=_random_core(rng, body),
        sheet=float(rng.uniform(*kind.sheet)),
        dome=float(rng.uniform(*kind.dome)),
        grains=float(rng.uniform(0.5, 1.4)),
        ruffle=float(rng.uniform(0.05, 0.3)),
        raggedness=float(rng.uniform(1.0, 2.4)),
    )


def _round_cell(rng: np.random.Generator) -> AdherentCell:
    """A ball, so thick that it is bright."""
    radius = rng.uniform(9, 12.5)
    return AdherentCell(
        body=Body(
            angle=float(rng.uniform(0, np.pi)),
            length=float(radius * rng.uniform(1, 1.15)),
            width=float(radius),
            waves=random_waves(rng, 0.05),
        ),
        texture_origin=_random_origin(rng),
        dome=float(rng.uniform(6, 9)),
        raggedness=0.7,
    )


def _random_origin(rng: np.random.Generator) -> tuple[float, float]:
    """Where in the textures a cell is cut out."""
    row, column = rng.uniform(0, TEXTURE_SIDE, 2)
    return float(row), float(column)


def _random_body(rng: np.random.Generator, kind: Kind) -> Body:
    """The outline of a spread cell."""
    radius, aspect = rng.uniform(*kind.radius), rng.uniform(*kind.aspect)
    count = int(rng.integers(kind.arms[0], kind.arms[1] + 1))
    directions = np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.25, count)
    if not kind.opposed:
        directions += rng.uniform(0, 2 * np.pi)
    return Body(
        angle=float(rng.normal(0, 0.5)),
        length=float(radius * np.sqrt(aspect)),
        width=float(radius / np.sqrt(aspect)),
        bend=float(rng.normal(0, 0.3)) if kind.opposed else 0.0,
        waves=random_waves(rng, 0.07),
        arms=_random_arms(rng, kind, directions.tolist()),
    )


def _random_arms(
    rng: np.random.Generator, kind: Kind, directions: Sequence[float]
) -> tuple[Arm, ...]:
    """Corners drawn out into processes, of different length."""
    arms = []
    for direction in directions:
        size = float(rng.uniform(0.3, 1.3))
        corner = Arm(
            direction=direction,
            height=kind.corner * size,
            sharpness=float(rng.uniform(4, 9)),
        )
        process = Arm(
            direction=direction + float(rng.normal(0, 0.06)),
            height=kind.process * size * float(rng.uniform(0.3, 1)),
            sharpness=float(rng.uniform(40, 110)),
        )
        arms += [corner, process]
    return tuple(arms)


def _random_core(rng: np.random.Generator, body: Body) -> Core:
    """A nucleus that fits into the body, with one to three nucleoli."""
    width = min(float(rng.uniform(6, 8)), 0.62 * body.width)
    return Core(
        along=float(rng.normal(0, 2)),
        across=float(rng.normal(0, 0.1)) * body.width,
        length=width * float(rng.uniform(1.2, 1.7)),
        width=width,
        nucleoli=tuple(
            Spot(
                along=float(rng.uniform(-0.5, 0.5)),
                across=float(rng.uniform(-0.4, 0.4)),
                radius=float(rng.uniform(1.1, 1.8)),
            )
            for _ in range(int(rng.integers(1, 4)))
        ),
    )
