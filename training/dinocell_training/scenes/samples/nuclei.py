"""Fluorescent nuclei of a cultured cell line, stained for DNA.

Composes the parts of this package into one picture. Owns no drawing, optics or noise
of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.camera import Camera, lamp
from dinocell_training.scenes.cell_line import PIXEL_SIZE_UM, dying
from dinocell_training.scenes.label_plane import one_piece_each, renumbered
from dinocell_training.scenes.mitosis import daughter, mother, parted
from dinocell_training.scenes.nuclei_plane import (
    Surroundings,
    draw_nuclei,
    settle_nuclei,
)
from dinocell_training.scenes.nucleus import ChromatinTextures, Nucleus
from dinocell_training.scenes.scene import Scene, check_shape

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Shape2D

MARGIN = 48
"""Pixels around the image in which there are cells, too."""

PIXELS_PER_NUCLEUS = 3000
NUCLEI_PER_EVENT = 24
"""One in so many divides or dies."""

BRIGHTNESS = 420.0
"""Electrons per pixel of a typical nucleus."""


def fluorescent_nuclei(*, shape: Shape2D = (512, 512), seed: int = 0) -> Scene:
    """Nuclei of cultured cells in a fluorescence microscope, 20x.

    They vary in size, shape, brightness and focus; some touch, a few divide or die.
    Background and illumination are uneven.

    Parameters
    ----------
    shape
        Rows and columns in pixels.
    seed
        The same seed gives the same scene to the bit.

    Returns
    -------
    A scene of (Y, X): uint16 image, int32 labels.

    Raises
    ------
    SettingsError
        If a side is shorter than 128 pixels.
    """
    check_shape(shape)
    rng = np.random.default_rng(seed)
    padded = (shape[0] + 2 * MARGIN, shape[1] + 2 * MARGIN)
    nuclei = settle_nuclei(
        rng,
        padded,
        count=padded[0] * padded[1] // PIXELS_PER_NUCLEUS,
        brightness=BRIGHTNESS,
    )
    nuclei = _with_events(rng, nuclei, padded)
    labels, light = draw_nuclei(
        dict(enumerate(nuclei, start=1)),
        ChromatinTextures.random(rng),
        Surroundings.random(rng, padded),
    )
    inside = slice(MARGIN, -MARGIN)
    light = light[inside, inside] * lamp(rng, shape, fall_off=0.3)
    return Scene(
        image=Camera().expose(rng, light),
        labels=renumbered(one_piece_each(labels[inside, inside])),
        pixel_size_um=PIXEL_SIZE_UM,
        name="fluorescent nuclei",
    )


def _with_events(
    rng: np.random.Generator, nuclei: list[Nucleus], shape: Shape2D
) -> list[Nucleus]:
    """The nuclei, of which some that have room around them divide or die."""
    number = max(2, len(nuclei) // NUCLEI_PER_EVENT)
    roomy = _by_room(nuclei, shape)[: 3 * number]
    chosen = rng.permutation(roomy)[:number]
    others = set(range(len(nuclei))) - set(chosen.tolist())
    result = [nuclei[index] for index in sorted(others)]
    for turn, index in enumerate(chosen):
        result += _event(turn, replace(nuclei[index], defocus=0.0))
    return result


def _by_room(nuclei: list[Nucleus], shape: Shape2D) -> list[int]:
    """Those well inside the image, the one farthest from all others first."""
    centres = np.array([(nucleus.body.y, nucleus.body.x) for nucleus in nuclei])
    between = np.linalg.norm(centres[:, None] - centres, axis=-1)
    np.fill_diagonal(between, np.inf)
    edge = np.minimum(centres, np.array(shape) - centres).min(axis=1)
    room = np.where(edge > 1.6 * MARGIN, between.min(axis=1), 0)
    return [int(index) for index in np.argsort(-room, kind="stable") if room[index]]


def _event(turn: int, nucleus: Nucleus) -> list[Nucleus]:
    """What becomes of one nucleus; the stages take turns."""
    match turn % 5:
        case 0:  # metaphase
            return [mother(nucleus, 2.5)]
        case 1:  # anaphase
            return [
                daughter(parted(nucleus, 0.4, side=side), 0.4, side=side)
                for side in (1, -1)
            ]
        case 2:  # prometaphase
            return [mother(nucleus, 1.0)]
        case 3:  # prophase
            return [mother(nucleus, 0.1)]
        case _:
            return [dying(nucleus)]
