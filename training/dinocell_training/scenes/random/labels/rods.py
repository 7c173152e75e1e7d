"""Bacteria: rods alone, in chains and in dense colonies; bent filaments."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.random.fields import waves
from dinocell_training.scenes.random.labels.canvas import Canvas
from dinocell_training.scenes.random.labels.outlines import tube, walk
from dinocell_training.scenes.random.labels.places import in_rows, scattered

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels, Shape2D

THICKNESS = 0.55
"""Width of a rod by the diameter of the disc of its area."""


def chains(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Rods, each curve of them divided into one to six."""
    canvas, bend = Canvas(shape), rng.uniform(0.1, 1.2)
    width, spacing = diameter * THICKNESS, diameter * rng.uniform(1.3, 3)
    for centre in scattered(rng, shape, spacing, clumps=rng.uniform(0, 0.6)):
        links, length = int(rng.integers(1, 7)), diameter * rng.uniform(1.1, 2)
        angle = rng.uniform(0, 2 * np.pi)
        spine = walk(rng, centre, angle, links * length, bend=bend)
        for link in np.array_split(spine, links):
            inside = _shortened(link, width)
            if inside is not None:
                canvas.add(tube(inside, width), overlap=0.08)
    return canvas.finished()


def colony(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """Rods side by side that lean as their neighbours do."""
    canvas, leaning = Canvas(shape), 1.5 * waves(rng, shape, 6 * diameter)
    width = diameter * THICKNESS
    main, reach = rng.uniform(0, np.pi), rng.uniform(0.4, 1.2) * max(shape)
    points = in_rows(rng, shape, 1.1 * width, jitter=0.3)
    for index in rng.permutation(len(points)):
        x, y = points[index]
        if math.hypot(x - shape[1] / 2, y - shape[0] / 2) > reach:
            continue
        if canvas.taken(x, y):
            continue
        row = min(max(int(y), 0), shape[0] - 1)
        column = min(max(int(x), 0), shape[1] - 1)
        angle = main + leaning[row, column] + rng.normal(0, 0.1)
        length = diameter * rng.uniform(0.8, 1.8)
        spine = walk(rng, (x, y), angle, length, bend=0.15)
        canvas.add(tube(spine, width * rng.lognormal(0, 0.05)), overlap=0.08)
    return canvas.finished()


def filaments(rng: Generator, shape: Shape2D, diameter: float) -> Labels:
    """A few long bent threads, and short rods between them."""
    canvas, width = Canvas(shape), diameter * rng.uniform(0.25, 0.5)
    spacing, bend = diameter * rng.uniform(2, 4), rng.uniform(0.5, 2.5)
    for centre in scattered(rng, shape, spacing, clumps=0.2):
        if canvas.taken(*centre):
            continue
        length = diameter * (rng.uniform(4, 14) if rng.random() < 0.6 else 1.5)
        spine = walk(rng, centre, rng.uniform(0, np.pi), length, bend=bend)
        canvas.add(tube(spine, width), overlap=0.15)
    return canvas.finished()


def _shortened(link: NDArray[np.float64], width: float) -> NDArray[np.float64] | None:
    """What leaves room for the round ends of neighbours; None if nothing is left."""
    if len(link) < 2:
        return None
    step = float(np.linalg.norm(link[1] - link[0]))
    cut = int(width / 2 / max(step, 1e-6))
    inside = link[cut : len(link) - cut]
    return inside if len(inside) >= 2 else None
