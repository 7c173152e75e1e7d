"""Adherent cells in phase contrast.

Composes the parts of this package into one picture. Owns no drawing, optics or noise
of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.adherent_cell import (
    AdherentCell,
    CytoplasmTextures,
    Ground,
    delay_of,
)
from dinocell_training.scenes.adherent_kinds import PIXEL_SIZE_UM, random_cell
from dinocell_training.scenes.camera import Camera, lamp
from dinocell_training.scenes.debris import add_debris
from dinocell_training.scenes.fields import smooth_noise
from dinocell_training.scenes.label_plane import LabelPlane, one_piece_each, renumbered
from dinocell_training.scenes.phase_contrast import phase_contrast
from dinocell_training.scenes.placement import Settlement, place_bodies
from dinocell_training.scenes.scene import Scene, check_shape
from dinocell_training.scenes.shapes import depth_of

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Labels, Shape2D

MARGIN = 48
"""Pixels around the image in which there are cells, too."""

PIXELS_PER_CELL = 5500
CAMERA = Camera(offset=2, electrons_per_count=80, read_noise=12, bits=8)
FULL_LIGHT = 118 * 80.0
"""Electrons per pixel of the brightest background."""


def phase_cells(*, shape: Shape2D = (512, 512), seed: int = 0) -> Scene:
    """Cultured adherent cells in a phase contrast microscope, 10x.

    Spindles, stars and flat cells, some of them touching; a few have rounded up.
    There are halos, debris and uneven illumination.

    Parameters
    ----------
    shape
        Rows and columns in pixels.
    seed
        The same seed gives the same scene to the bit.

    Returns
    -------
    A scene of (Y, X): uint8 image, int32 labels. Debris has no label.

    Raises
    ------
    SettingsError
        If a side is shorter than 128 pixels.
    """
    check_shape(shape)
    rng = np.random.default_rng(seed)
    padded = (shape[0] + 2 * MARGIN, shape[1] + 2 * MARGIN)
    labels, delay = _draw_cells(rng, _settle(rng, padded), padded)
    add_debris(rng, delay)
    delay += 0.003 * smooth_noise(rng, padded, 1.2)
    delay += 0.006 * smooth_noise(rng, padded, 8)
    inside = slice(MARGIN, -MARGIN)
    light = phase_contrast(delay) * (1 + 0.03 * smooth_noise(rng, padded, 60))
    light = light[inside, inside]
    light *= FULL_LIGHT * lamp(rng, shape, fall_off=0.18)
    return Scene(
        image=CAMERA.expose(rng, light),
        labels=renumbered(one_piece_each(labels[inside, inside])),
        pixel_size_um=PIXEL_SIZE_UM,
        name="phase-contrast cells",
    )


def _settle(rng: np.random.Generator, shape: Shape2D) -> list[AdherentCell]:
    """Cells in their places on the plane."""
    count = shape[0] * shape[1] // PIXELS_PER_CELL
    cells = [random_cell(rng) for _ in range(count)]
    settlement = Settlement.random(rng, shape, overlap=0.12)
    bodies = place_bodies(rng, [cell.body for cell in cells], settlement)
    return [replace(cells[index], body=body) for index, body in bodies.items()]


def _draw_cells(
    rng: np.random.Generator, cells: list[AdherentCell], shape: Shape2D
) -> tuple[Labels, Field]:
    """Labels and delay of light; cells that meet share the border between them."""
    textures = CytoplasmTextures.random(rng)
    grounds = {
        number: ground
        for number, cell in enumerate(cells, start=1)
        if (ground := Ground.under(cell, textures, shape)) is not None
    }
    plane = LabelPlane(shape)
    for number, ground in grounds.items():
        depth = depth_of(cells[number - 1].body, ground.grid)
        plane.claim(number, ground.grid.place, depth)
    labels = plane.labels()
    delay = np.zeros(shape, np.float32)
    for number, ground in grounds.items():
        mine = labels[ground.grid.place] == number
        delay[ground.grid.place] += delay_of(cells[number - 1], ground, mine)
    return labels, delay
