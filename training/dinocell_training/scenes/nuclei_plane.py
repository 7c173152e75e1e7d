"""Many nuclei on one plane: their ground truth, and their light through the microscope.

Shared by the still and the moving scene. Knows neither camera nor how cells live.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.cell_line import random_nucleus
from dinocell_training.scenes.fields import Field, blurred, smooth_noise
from dinocell_training.scenes.fluorescence import FOCAL_STEP, FocalStack
from dinocell_training.scenes.label_plane import LabelPlane
from dinocell_training.scenes.nucleus import ChromatinTextures, Nucleus, draw_nucleus
from dinocell_training.scenes.placement import Settlement, place_bodies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.arrays import Labels, Shape2D

PIXELS_PER_SPECK = 12_000
SPECK_LIGHT = 200.0
"""Electrons of a typical crumb of stain."""

MEDIUM_LIGHT = 30.0
"""Electrons per pixel where there is no cell."""

CYTOPLASM_SHARE = 0.05
"""Light of the cytoplasm around a nucleus, compared to that of the nucleus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speck:
    """A point of light beside the cells."""

    y: int
    x: int
    light: float
    """Electrons, all in all."""
    defocus: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """All that shines besides the nuclei."""

    medium: Field
    """Electrons per pixel."""
    cytoplasm: Field
    """Factor of the cytoplasm's light, around 1."""
    specks: tuple[Speck, ...]

    @classmethod
    def random(cls, rng: np.random.Generator, shape: Shape2D) -> Surroundings:
        """An uneven medium with crumbs in it."""
        height, width = shape
        return cls(
            medium=MEDIUM_LIGHT * (1 + 0.25 * smooth_noise(rng, shape, 70)),
            cytoplasm=np.exp(0.5 * smooth_noise(rng, shape, 4)),
            specks=tuple(
                Speck(
                    y=int(rng.integers(height)),
                    x=int(rng.integers(width)),
                    light=float(SPECK_LIGHT * rng.lognormal(0, 0.8)),
                    defocus=float(rng.integers(3) * FOCAL_STEP),
                )
                for _ in range(height * width // PIXELS_PER_SPECK)
            ),
        )


def settle_nuclei(
    rng: np.random.Generator, shape: Shape2D, *, count: int, brightness: float
) -> list[Nucleus]:
    """Up to `count` interphase nuclei in their places on a plane."""
    nuclei = [random_nucleus(rng, brightness=brightness) for _ in range(count)]
    settlement = Settlement.random(rng, shape, overlap=0.06)
    bodies = place_bodies(rng, [nucleus.body for nucleus in nuclei], settlement)
    return [replace(nuclei[index], body=body) for index, body in bodies.items()]


def draw_nuclei(
    nuclei: Mapping[int, Nucleus],
    textures: ChromatinTextures,
    surroundings: Surroundings,
) -> tuple[Labels, Field]:
    """Nuclei by their ids, as labels and as the light that leaves the microscope.

    Returns
    -------
    (Y, X) int32 with one connected region per id, and (Y, X) electrons per pixel
    under even illumination.
    """
    shape = surroundings.medium.shape
    truth, stack = LabelPlane(shape), FocalStack(shape)
    for cell, nucleus in nuclei.items():
        patch = draw_nucleus(nucleus, textures, shape)
        if patch is not None:
            truth.claim(cell, patch.place, patch.depth)
            stack.add(patch.place, patch.light, defocus=nucleus.defocus)
    for speck in surroundings.specks:
        pixel = slice(speck.y, speck.y + 1), slice(speck.x, speck.x + 1)
        point = np.full((1, 1), speck.light, np.float32)
        stack.add(pixel, point, defocus=speck.defocus)
    light = stack.widefield()
    light += CYTOPLASM_SHARE * surroundings.cytoplasm * blurred(light, 9)
    return truth.labels(), light + surroundings.medium
