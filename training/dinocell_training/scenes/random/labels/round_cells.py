"""Nuclei and other round cells: smooth or lobed, alone or in clumps, of all sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.random.labels.canvas import Canvas
from dinocell_training.scenes.random.labels.outlines import blob, crescent
from dinocell_training.scenes.random.labels.places import in_rows, scattered

if TYPE_CHECKING:
    from numpy.random import Generator

    from napari_dinocell.engine.arrays import Labels, Shape2D


def nuclei(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Round to oval, scattered or clumped."""
    return _blobs(rng, shape, diameter, rough=rng.uniform(0, 0.08), spread=0.2)


def lobed_cells(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Kidneys, beans and clovers."""
    return _blobs(rng, shape, diameter, rough=rng.uniform(0.1, 0.2), spread=0.25)


def mixed_sizes(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """From a third to three times the usual size."""
    return _blobs(rng, shape, diameter, rough=rng.uniform(0, 0.12), spread=0.55)


def blood_cells(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Discs of one size, some on top of others, some of them sickles."""
    canvas, sickles = Canvas(shape), rng.choice([0.0, 0.1, 0.5])
    spacing = diameter * rng.uniform(0.9, 2)
    for x, y in scattered(rng, shape, spacing, clumps=rng.uniform(0, 0.8)):
        if canvas.taken(x, y):
            continue
        radius = diameter / 2 * rng.lognormal(0, 0.06)
        angle = rng.uniform(0, 2 * np.pi)
        if rng.random() < sickles:
            bend = rng.uniform(0.3, 1.2)
            outline = crescent((x, y), radius, bend=bend, angle=angle)
        else:
            stretch, rough = 1 + rng.exponential(0.08), rng.choice([0.0, 0.0, 0.03])
            outline = blob(
                rng, (x, y), radius, stretch=stretch, angle=angle, rough=rough
            )
        canvas.add(outline, overlap=0.25)
    return canvas.finished()


def tissue(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Ovals in rows that lean the same way."""
    canvas, leaning = Canvas(shape), rng.uniform(0, np.pi)
    stretch, rough = rng.uniform(1.1, 2.5), rng.uniform(0, 0.1)
    spacing, missing = diameter * rng.uniform(1.05, 1.5), rng.uniform(0, 0.3)
    for centre in in_rows(rng, shape, spacing, jitter=0.25):
        if rng.random() < missing:
            continue
        canvas.add(
            blob(
                rng,
                centre,
                diameter / 2 * rng.lognormal(0, 0.15),
                stretch=stretch * rng.lognormal(0, 0.15),
                angle=leaning + rng.normal(0, 0.4),
                rough=rough,
            ),
            overlap=0.2,
        )
    return canvas.finished()


def _blobs(
    rng: Generator, shape: Shape2D, diameter: float, *, rough: float, spread: float
) -> Labels:
    canvas, longest = Canvas(shape), rng.uniform(1.0, 2.0)
    spacing = diameter * rng.uniform(0.85, 2.2)
    for centre in scattered(rng, shape, spacing, clumps=rng.uniform(0, 0.9)):
        if canvas.taken(*centre):
            continue
        canvas.add(
            blob(
                rng,
                centre,
                diameter / 2 * rng.lognormal(0, rng.uniform(0, spread)),
                stretch=rng.uniform(1, longest),
                angle=rng.uniform(0, np.pi),
                rough=rough,
            ),
            overlap=0.12,
        )
    return canvas.finished()
