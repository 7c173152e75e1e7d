"""How a nucleus looks on its way through mitosis, as a function of time.

Key figures (prophase, metaphase, ...) are blended by a clock whose unit is the time
between two of them, about ten minutes. The same figures serve a still picture and a
time-lapse. Knows nuclei, no pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dinocell_training.scenes.nucleus import Nucleus


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One look, relative to the nucleus in interphase."""

    length: float
    """Half axes, in radii of the interphase nucleus."""
    width: float
    bend: float
    condensation: float
    raggedness: float
    brightness: float
    """Times that of interphase: condensed chromatin is dense."""
    corners: float = 2.0
    apart: float = 0.0
    """Distance of a daughter from where the mother was, in radii."""


PROPHASE = Figure(
    length=1.0,
    width=0.92,
    bend=0.0,
    condensation=0.55,
    raggedness=0.03,
    brightness=1.5,
)
PROMETAPHASE = Figure(
    length=0.74,
    width=0.6,
    bend=0.25,
    condensation=1.0,
    raggedness=0.17,
    brightness=3.0,
)
METAPHASE = Figure(
    length=0.82,
    width=0.29,
    bend=0.0,
    condensation=1.0,
    raggedness=0.16,
    brightness=4.2,
    corners=3.5,
)
ANAPHASE = Figure(
    length=0.68,
    width=0.22,
    bend=0.4,
    condensation=1.0,
    raggedness=0.15,
    brightness=4.0,
    corners=3.0,
    apart=0.55,
)
TELOPHASE = Figure(
    length=0.56,
    width=0.26,
    bend=0.35,
    condensation=0.9,
    raggedness=0.08,
    brightness=3.4,
    apart=0.95,
)
DAUGHTER = Figure(
    length=0.64,
    width=0.44,
    bend=0.1,
    condensation=0.35,
    raggedness=0.04,
    brightness=1.9,
    apart=1.15,
)
YOUNG = Figure(
    length=0.85,
    width=0.64,
    bend=0.0,
    condensation=0.0,
    raggedness=0.0,
    brightness=1.15,
    apart=1.3,
)

MOTHER_FIGURES = (PROPHASE, PROMETAPHASE, METAPHASE, METAPHASE)
"""One per tick of the clock, which starts at the end of interphase."""

DAUGHTER_FIGURES = (ANAPHASE, TELOPHASE, DAUGHTER, YOUNG)
"""One per tick since the sisters parted."""


PARTING_CLOCK = 4.0
"""Ticks from the start of condensation until the sister chromatids part."""


def mother(nucleus: Nucleus, clock: float) -> Nucleus:
    """A nucleus `clock` ticks after it began to condense; before -1 it is unchanged."""
    if clock <= -1:
        return nucleus
    figures = (_interphase(nucleus), *MOTHER_FIGURES)
    return _shaped(nucleus, _at(clock + 1, figures))


def daughter(nucleus: Nucleus, clock: float, *, side: int) -> Nucleus:
    """A daughter, `clock` ticks after the parting, where `nucleus` lies.

    Parameters
    ----------
    nucleus
        The mother in interphase, moved to where the daughter is.
    clock
        Ticks since the sister chromatids parted, 0 or more.
    side
        1 or -1: the sisters are mirror images.
    """
    return _shaped(nucleus, _at(clock, DAUGHTER_FIGURES), side=side)


def parted(nucleus: Nucleus, clock: float, *, side: int) -> Nucleus:
    """The nucleus moved to where a daughter is, `clock` ticks after the parting."""
    body = nucleus.body
    away = side * _at(clock, DAUGHTER_FIGURES).apart * body.radius
    y = body.y + away * float(np.cos(body.angle))
    x = body.x - away * float(np.sin(body.angle))
    return replace(nucleus, body=replace(body, y=y, x=x))


def _interphase(nucleus: Nucleus) -> Figure:
    """The look of an unchanged nucleus."""
    body = nucleus.body
    return Figure(
        length=body.length / body.radius,
        width=body.width / body.radius,
        bend=body.bend,
        condensation=0.0,
        raggedness=0.0,
        brightness=1.0,
    )


def _at(position: float, figures: tuple[Figure, ...]) -> Figure:
    """Blend of the two figures around a position in their row."""
    position = min(max(position, 0.0), len(figures) - 1.0)
    before = min(int(position), len(figures) - 2)
    share = position - before
    start, end = figures[before], figures[before + 1]
    blend = {
        part.name: (1 - share) * getattr(start, part.name)
        + share * getattr(end, part.name)
        for part in fields(Figure)
    }
    return Figure(**blend)


def _shaped(nucleus: Nucleus, figure: Figure, *, side: int = 1) -> Nucleus:
    """The nucleus as that figure, in its place."""
    body = nucleus.body
    calm = 1 - figure.condensation
    return replace(
        nucleus,
        body=replace(
            body,
            length=figure.length * body.radius,
            width=figure.width * body.radius,
            bend=figure.bend * side,
            corners=figure.corners,
            waves=tuple(replace(w, height=w.height * calm) for w in body.waves),
        ),
        brightness=nucleus.brightness * figure.brightness,
        condensation=figure.condensation,
        raggedness=figure.raggedness,
        flatness=0.3 + 0.15 * figure.condensation,
        defocus=nucleus.defocus * calm,
    )
