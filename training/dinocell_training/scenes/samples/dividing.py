"""A time-lapse of nuclei with a fluorescent histone: they move, divide, leave, bleach.

Composes the parts of this package; the truth names each cell through time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.camera import Camera, lamp
from dinocell_training.scenes.cell_line import PIXEL_SIZE_UM
from dinocell_training.scenes.label_plane import one_piece_each, renumbered
from dinocell_training.scenes.motion import Walker, walk
from dinocell_training.scenes.nuclei_plane import (
    Surroundings,
    draw_nuclei,
    settle_nuclei,
)
from dinocell_training.scenes.nucleus import ChromatinTextures, Nucleus
from dinocell_training.scenes.scene import Scene, check_shape
from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Labels, Shape2D

MARGIN = 32
"""Pixels around the image in which there are cells, too."""

PIXELS_PER_NUCLEUS = 3200
NUCLEI_PER_DIVISION = 10
BRIGHTNESS = 260.0
"""Electrons per pixel of a typical nucleus in the first frame."""

BLEACHING = 0.03
"""Share of the fluorescence that is lost per frame."""

LEAVING_SPEED = 3.5
"""Pixels per frame of those that leave."""


def dividing_cells(
    *, frames: int = 12, shape: Shape2D = (384, 384), seed: int = 0
) -> Scene:
    """Nuclei of living cells, a frame every ten minutes.

    They move smoothly; some divide, some leave the field of view, some enter it.

    Parameters
    ----------
    frames
        Number of frames, at least 1.
    shape
        Rows and columns in pixels.
    seed
        The same seed gives the same scene to the bit.

    Returns
    -------
    A scene of (T, Y, X): uint16 image, int32 labels. A cell keeps its id from frame to
    frame; one that comes back after it had left gets a new id, like in tracking.

    Raises
    ------
    SettingsError
        If there is no frame, or a side is shorter than 128 pixels.
    """
    check_shape(shape)
    if frames < 1:
        raise SettingsError(f"Expected at least 1 frame, got {frames}.")
    rng = np.random.default_rng(seed)
    padded = (shape[0] + 2 * MARGIN, shape[1] + 2 * MARGIN)
    walkers = _settle(rng, padded, frames)
    textures = ChromatinTextures.random(rng)
    surroundings = Surroundings.random(rng, padded)
    light_of_lamp = lamp(rng, shape, fall_off=0.25)
    inside = slice(MARGIN, -MARGIN)
    images, truths = [], []
    mothers: dict[int, int] = {}
    for frame, nuclei in enumerate(walk(rng, walkers, frames)):
        labels, light = draw_nuclei(nuclei, textures, surroundings)
        light = light[inside, inside] * light_of_lamp * (1 - BLEACHING) ** frame
        images.append(Camera().expose(rng, light))
        truths.append(one_piece_each(labels[inside, inside]))
        mothers |= {cell: w.mother for cell, w in walkers.items() if w.mother}
    drawn = np.stack(truths)
    labels = renumbered(_without_gaps(drawn))
    return Scene(
        image=np.stack(images),
        labels=labels,
        pixel_size_um=PIXEL_SIZE_UM,
        name="dividing cells",
        mothers=_seen_mothers(drawn, labels, mothers),
    )


def _settle(rng: np.random.Generator, shape: Shape2D, frames: int) -> dict[int, Walker]:
    """The cells of the first frame, with what is to become of them."""
    nuclei = settle_nuclei(
        rng,
        shape,
        count=shape[0] * shape[1] // PIXELS_PER_NUCLEUS,
        brightness=BRIGHTNESS,
    )
    walkers = {
        cell: Walker(nucleus=nucleus) for cell, nucleus in enumerate(nuclei, start=1)
    }
    edges = {cell: _to_edge(walker.nucleus, shape) for cell, walker in walkers.items()}
    inner = [cell for cell, (_, distance) in edges.items() if distance > 2.5 * MARGIN]
    outer = [cell for cell, (_, distance) in edges.items() if distance < 1.8 * MARGIN]
    mothers = rng.permutation(inner)[: max(1, len(nuclei) // NUCLEI_PER_DIVISION)]
    # spread over the frames, some already on their way in the first
    times = np.linspace(0.6, max(1.0, frames - 2), len(mothers))
    for cell, time in zip(
        mothers, times + rng.uniform(-0.5, 0.5, len(times)), strict=True
    ):
        walkers[int(cell)].parts_at = float(time)
    for cell in rng.permutation(outer)[::3]:
        (away_y, away_x), _ = edges[int(cell)]
        walkers[int(cell)].drift_y = LEAVING_SPEED * away_y
        walkers[int(cell)].drift_x = LEAVING_SPEED * away_x
    return walkers


def _to_edge(nucleus: Nucleus, shape: Shape2D) -> tuple[tuple[int, int], float]:
    """Direction (y, x) of the nearest edge, and how many pixels it is away."""
    body = nucleus.body
    distances = {
        (-1, 0): body.y,
        (1, 0): shape[0] - body.y,
        (0, -1): body.x,
        (0, 1): shape[1] - body.x,
    }
    nearest = min(distances, key=lambda direction: distances[direction])
    return nearest, distances[nearest]


def _without_gaps(labels: Labels) -> Labels:
    """A new id for whoever appears again after frames without it."""
    newest = int(labels.max(initial=0))
    result = labels.copy()
    for cell in range(1, newest + 1):
        seen = np.flatnonzero((labels == cell).any(axis=(1, 2)))
        for start in seen[1:][np.diff(seen) > 1]:
            newest += 1
            result[start:][labels[start:] == cell] = newest
    return result


def _seen_mothers(
    drawn: Labels, labels: Labels, mothers: dict[int, int]
) -> dict[int, int]:
    """Mothers by daughters as `labels` call them, where she was in the frame before."""
    result = {}
    for daughter, mother in mothers.items():
        seen = np.flatnonzero((drawn == daughter).any(axis=(1, 2)))
        before = np.flatnonzero((drawn == mother).any(axis=(1, 2)))
        if len(seen) and len(before) and seen[0] == before[-1] + 1:
            born = int(labels[seen[0]][drawn[seen[0]] == daughter][0])
            parted = int(labels[before[-1]][drawn[before[-1]] == mother][0])
            result[born] = parted
    return result
