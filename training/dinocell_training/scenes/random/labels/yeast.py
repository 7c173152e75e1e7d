"""Budding yeast: ovals, many with a smaller one at their side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.random.labels.canvas import Canvas
from dinocell_training.scenes.random.labels.outlines import blob
from dinocell_training.scenes.random.labels.places import scattered

if TYPE_CHECKING:
    from numpy.random import Generator

    from napari_dinocell.engine.arrays import Labels, Shape2D


def budding_yeast(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Mothers and buds, each with an id of its own, in clumps."""
    canvas, budding = Canvas(shape), rng.uniform(0.2, 0.8)
    spacing = diameter * rng.uniform(0.95, 1.8)
    for x, y in scattered(rng, shape, spacing, clumps=rng.uniform(0.4, 0.95)):
        if canvas.taken(x, y):
            continue
        radius = diameter / 2 * rng.lognormal(0, 0.12)
        stretch, angle = rng.uniform(1, 1.4), rng.uniform(0, 2 * np.pi)
        mother = blob(rng, (x, y), radius, stretch=stretch, angle=angle, rough=0.01)
        if not canvas.add(mother) or rng.random() > budding:
            continue
        size = radius * rng.uniform(0.35, 0.8)
        away = radius * np.sqrt(stretch) + 0.9 * size
        place = x + away * np.cos(angle), y + away * np.sin(angle)
        canvas.add(blob(rng, place, size, stretch=1.1, angle=angle), overlap=0.2)
    return canvas.finished()
