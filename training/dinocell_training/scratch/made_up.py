"""Made-up samples: a random scene, made ready as a real image is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.data.source import SourceConfig
from dinocell_training.scenes.label_plane import renumbered
from dinocell_training.scenes.random.cells import Cells
from dinocell_training.scenes.random.recipe import random_labels, render
from dinocell_training.scratch.samples import Sample
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from dinocell_training.scratch.config import TrainConfig
    from napari_dinocell.engine.arrays import Labels, Shape2D

ROOM = 1.25
"""Side of a scene by that of the crop: turned and shrunk crops reach farther."""

MADE_UP = SourceConfig(name="made up", train=False)


def made_up_sample(
    size: int, config: TrainConfig, samples: Sequence[Sample], rng: Generator
) -> Sample:
    """A scene for one crop of `size` pixels, its cells as large as the network's.

    Parameters
    ----------
    samples
        Real images, some of whose label maps are shown in another light.
    """
    side = round(ROOM * size)
    cells = Cells.of(_labels((side, side), config, samples, rng))
    plane = to_plane(render(rng, cells), config.channel)
    clahe = rng.random() >= config.augment.without_clahe
    adjusted = adjust_contrast(plane, replace(config.contrast, clahe=clahe))
    image = adjusted.levels(np.uint8)
    return Sample(
        image=image,
        plain=image,  # seen once: one of the two is enough
        target=np.rint(cells.relative * 255).astype(np.uint8),
        verified=np.full(cells.shape, 255, np.uint8),
        labels=cells.labels,
        ignore_border=0,
        name="made up",
        source=MADE_UP,
    )


def _labels(
    shape: Shape2D, config: TrainConfig, samples: Sequence[Sample], rng: Generator
) -> Labels:
    kind = rng.random()
    if kind < config.scenes.empty:
        return np.zeros(shape, np.int32)
    if kind < config.scenes.empty + config.scenes.real_labels:
        return _real_labels(shape, samples[int(rng.integers(len(samples)))], rng)
    return random_labels(rng, shape, config.cell_diameter)


def _real_labels(shape: Shape2D, sample: Sample, rng: Generator) -> Labels:
    """A part of a real label map, at most as large as asked for."""
    border = sample.ignore_border
    height, width = sample.labels.shape
    inside = sample.labels[border : height - border, border : width - border]
    top, left = (
        int(rng.integers(0, max(1, length - wanted + 1)))
        for length, wanted in zip(inside.shape, shape, strict=True)
    )
    return renumbered(inside[top : top + shape[0], left : left + shape[1]])
