"""How the nuclei of one cultured cell line vary: size, shape, DNA content, focus.

Lengths are in pixels of 0.325 µm (a 20x objective); both scenes of fluorescent nuclei
draw from here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dinocell_training.scenes.fluorescence import DEEPEST
from dinocell_training.scenes.nucleus import TEXTURE_SIDE, Nucleolus, Nucleus
from dinocell_training.scenes.shapes import Body, random_waves

PIXEL_SIZE_UM = 0.325
"""6.5 µm pixels behind a 20x objective."""

RADIUS = 17.0
"""Median radius of a nucleus, in pixels."""

DNA_CONTENTS, DNA_SHARES = (1.0, 1.4, 2.0), (0.6, 0.2, 0.2)
"""G1, S and G2 phase, and how frequent they are."""


def random_nucleus(rng: np.random.Generator, *, brightness: float) -> Nucleus:
    """An interphase nucleus; some are off the focal plane.

    Parameters
    ----------
    rng
        Source of all its properties.
    brightness
        Electrons per pixel of a typical nucleus in G1 phase.
    """
    content = rng.choice(DNA_CONTENTS, p=DNA_SHARES)
    defocus = rng.exponential(1.6) if rng.random() < 0.3 else 0.0
    return Nucleus(
        body=_random_body(rng),
        brightness=float(brightness * content**0.6 * rng.lognormal(0, 0.22)),
        texture_origin=(
            float(rng.uniform(0, TEXTURE_SIDE)),
            float(rng.uniform(0, TEXTURE_SIDE)),
        ),
        nucleoli=_random_nucleoli(rng),
        contrast=float(rng.uniform(0.12, 0.22)),
        defocus=float(min(defocus, DEEPEST)),
    )


def dying(nucleus: Nucleus) -> Nucleus:
    """The nucleus shrunk to a smooth bright ball, as in apoptosis."""
    radius = 0.38 * nucleus.body.radius
    return replace(
        nucleus,
        body=replace(
            nucleus.body, length=1.1 * radius, width=0.9 * radius, bend=0.0, waves=()
        ),
        brightness=4.5 * nucleus.brightness,
        nucleoli=(),
        condensation=0.5,
        raggedness=0.06,
        flatness=0.5,
    )


def _random_body(rng: np.random.Generator) -> Body:
    """An oval; some are kidneys, some are irregular."""
    radius = RADIUS * rng.lognormal(0, 0.14)
    aspect = rng.uniform(1.05, 1.8)
    is_kidney, is_irregular = rng.random(2) < (0.12, 0.15)
    bend = rng.choice((-0.35, 0.35)) if is_kidney else rng.normal(0, 0.07)
    return Body(
        angle=float(rng.normal(0, 0.5)),
        length=float(radius * np.sqrt(aspect)),
        width=float(radius / np.sqrt(aspect)),
        bend=float(bend),
        waves=random_waves(rng, 0.06 if is_irregular else 0.03),
    )


def _random_nucleoli(rng: np.random.Generator) -> tuple[Nucleolus, ...]:
    """One to four, off the centre, of different size."""
    count = int(rng.choice([1, 2, 2, 3, 3, 4]))
    turns = rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
    turns += rng.normal(0, 0.5, count)
    return tuple(
        Nucleolus(
            along=float(away * np.cos(turn)),
            across=float(away * np.sin(turn)),
            radius=float(rng.uniform(0.09, 0.2)),
            emptiness=float(rng.uniform(0.2, 0.5)),
        )
        for turn, away in zip(turns, rng.uniform(0.2, 0.58, count), strict=True)
    )
