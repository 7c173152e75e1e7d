"""One stained nucleus, in interphase or in mitosis: its outline and its light.

One model serves all stages: an outline, filled with chromatin that is finely mottled
in interphase and lumpy when condensed. Knows neither optics nor camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.fields import Field, Place, look_up, mixed_noise
from dinocell_training.scenes.shapes import Body, Grid, depth_of, grid_around

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Mask, Shape2D

TEXTURE_SIDE = 256
"""Pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChromatinTextures:
    """Periodic fields of deviation 1 from which all nuclei of a scene are cut."""

    mottle: Field
    """Interphase chromatin: denser and looser regions and fine grains."""
    lumps: Field
    """Condensed chromatin, and the raggedness of its outline."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> ChromatinTextures:
        """Fields that suit nuclei of about 40 pixels."""
        shape = (TEXTURE_SIDE, TEXTURE_SIDE)
        return cls(
            mottle=mixed_noise(rng, shape, [(1.0, 1.1), (0.8, 2.2), (0.9, 5.0)]),
            lumps=mixed_noise(rng, shape, [(1.0, 1.8), (0.5, 3.5)]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Nucleolus:
    """A region without chromatin; lengths are shares of the nucleus' half axes."""

    along: float
    across: float
    radius: float
    emptiness: float
    """Share of the light that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nucleus:
    """All that decides how one nucleus looks."""

    body: Body
    brightness: float
    """Electrons per pixel in its middle, in focus."""
    texture_origin: tuple[float, float]
    """Where in the textures this nucleus is cut out."""
    nucleoli: tuple[Nucleolus, ...] = ()
    contrast: float = 0.15
    """Deviation of the logarithm of the light inside."""
    condensation: float = 0.0
    """0 in interphase, 1 for mitotic chromosomes."""
    raggedness: float = 0.0
    """Deviation of the outline, as a share of its radius."""
    flatness: float = 0.3
    """Exponent of its profile: 0 is a disc, 0.5 a ball."""
    defocus: float = 0.0
    """Additional blur, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NucleusPatch:
    """A nucleus on the pixels around it."""

    place: Place
    depth: Field
    """Below 1 inside."""
    light: Field
    """Electrons per pixel."""


def draw_nucleus(
    nucleus: Nucleus, textures: ChromatinTextures, shape: Shape2D
) -> NucleusPatch | None:
    """The nucleus on the pixels around it; None if it lies outside the plane."""
    grid = grid_around(nucleus.body, shape, margin=4 + 8 * nucleus.raggedness)
    if grid is None:
        return None
    rows = grid.across + np.float32(nucleus.texture_origin[0])
    columns = grid.along + np.float32(nucleus.texture_origin[1])
    lumps = look_up(textures.lumps, rows, columns)
    depth = depth_of(nucleus.body, grid)
    depth = np.maximum(depth + nucleus.raggedness * lumps, 0)
    profile: Field = np.maximum(1 - depth**2, 0) ** np.float32(nucleus.flatness)
    light = nucleus.brightness * profile
    if nucleus.condensation < 1:
        mottle = look_up(textures.mottle, rows, columns)
        light *= np.exp(nucleus.contrast * mottle)
        light *= _around_nucleoli(nucleus, grid, lumps)
    if nucleus.condensation > 0:
        light *= _chromosomes(nucleus, lumps, depth < 1)
    return NucleusPatch(place=grid.place, depth=depth, light=light)


def _around_nucleoli(nucleus: Nucleus, grid: Grid, lumps: Field) -> Field:
    """Share of light left over by the nucleoli, which fade as chromatin condenses."""
    left = np.ones_like(lumps)
    body = nucleus.body
    for hole in nucleus.nucleoli:
        along = (grid.along - hole.along * body.length) / body.width
        across = grid.across / body.width - hole.across
        distance = np.hypot(along, across) / hole.radius + np.float32(0.18) * lumps
        inside = 0.5 - 0.5 * np.tanh(2.5 * (distance - 1))
        rim = np.exp(-8 * (distance - 1.5) ** 2)
        empty = hole.emptiness * (1 - nucleus.condensation)
        left *= 1 + empty * (0.18 * rim - inside)
    return left


def _chromosomes(nucleus: Nucleus, lumps: Field, inside: Mask) -> Field:
    """Factor of the light of condensed chromatin: 1 on average within the nucleus."""
    grain = 1 + 0.45 * nucleus.condensation * np.tanh(lumps)
    # of two sisters none is brighter for the lumps that it happens to get
    return grain / (grain[inside].mean() if inside.any() else 1)
