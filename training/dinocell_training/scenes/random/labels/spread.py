"""Adherent cells: flat bodies with thin protrusions, spindles, stars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.random.labels.canvas import Canvas
from dinocell_training.scenes.random.labels.outlines import blob, process
from dinocell_training.scenes.random.labels.places import scattered

if TYPE_CHECKING:
    from numpy.random import Generator

    from napari_dinocell.engine.arrays import Labels, Shape2D


def spread_cells(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Rough bodies with up to five protrusions each."""
    canvas, most = Canvas(shape), int(rng.integers(2, 6))
    spacing, leaning = diameter * rng.uniform(1.0, 2.5), rng.uniform(0, np.pi)
    aligned = rng.choice([0.3, 3.0])
    for centre in scattered(rng, shape, spacing, clumps=rng.uniform(0, 0.7)):
        if canvas.taken(*centre):
            continue
        radius = diameter / 2 * rng.lognormal(0, 0.25)
        stretch, angle = rng.uniform(1, 3.5), leaning + rng.normal(0, aligned)
        rough = rng.uniform(0.05, 0.2)
        body = blob(rng, centre, radius, stretch=stretch, angle=angle, rough=rough)
        arms = [
            process(
                centre,
                angle + np.pi * (index % 2) + rng.normal(0, 0.6),
                radius * np.sqrt(stretch) * rng.uniform(1.2, 2.2),
                radius * rng.uniform(0.3, 0.9),
                rng.normal(0, 0.4),
            )
            for index in range(int(rng.integers(0, most + 1)))
        ]
        canvas.add(body, *arms, overlap=0.2)
    return canvas.finished()
