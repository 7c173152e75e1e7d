"""Images on which a fine-tuned model shall keep the answers of its base.

A model that only ever sees new examples forgets the old ones (McCloskey and Cohen
1989). Its old images are not at hand; but made-up nuclei call on the same knowledge,
and the base itself tells the answers (learning without forgetting: Li and Hoiem 2016).

The examples themselves, much enlarged, are rehearsed as well. A model that was taught
cells at the right size sees cells in the texture of enlarged ones; inference, which
measures the size of cells by how certain the model is, would then take that for it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.finetune.feature_cache import BATCH, Tiles
from dinocell_training.finetune.views import filled
from dinocell_training.scenes import fluorescent_nuclei
from dinocell_training.trainer.autocast import autocast
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.inference.scale import resize_plane, scaled_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.finetune.data import PreparedExample
    from dinocell_training.finetune.run import FinetuneRun
    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

ZOOM = 1.35
"""Largest factor by which the nuclei differ from the size the model knows."""

ENLARGED = (1.7, 4.0)
"""Range of the factor by which examples are enlarged: beyond what views cover."""

SCENE = 256
"""Side of the made-up images, in their own pixels."""


def rehearsal_tiles(run: FinetuneRun, cancelled: Callable[[], bool]) -> Tiles | None:
    """Images to rehearse, with the maps of the run's model, still the base.

    None once `cancelled`, which is asked before each image and each batch, says True.
    """
    images = []
    for image in _images(run):
        if cancelled():
            return None
        images.append(image)
    tiles = torch.from_numpy(np.stack(images))[:, None]
    answers = []
    with torch.no_grad(), autocast(run.device, run.precision):
        for part in torch.split(tiles, BATCH):
            if cancelled():
                return None
            answers.append(run.model(part.to(run.device)).float().cpu())
    return Tiles(tiles, torch.cat(answers), torch.ones_like(tiles))


def _images(run: FinetuneRun) -> Iterator[NDArray[np.float32]]:
    """Made-up nuclei, then as many enlarged parts of examples."""
    count, side = run.config.rehearsal, run.config.tile_size
    rng = np.random.default_rng(run.config.seed)
    for seed in range(count):
        yield _nuclei(run.base_info, side, seed)
    for index in range(count):
        yield _enlarged(run.train[index % len(run.train)], side, rng)


def _nuclei(info: CheckpointInfo, side: int, seed: int) -> NDArray[np.float32]:
    scene = fluorescent_nuclei(shape=(SCENE, SCENE), seed=seed)
    image = adjust_contrast(scene.image, info.contrast).image
    diameter = median_diameter(scene.labels) or info.cell_diameter
    rng = np.random.default_rng(seed)
    zoom = np.exp(rng.uniform(-np.log(ZOOM), np.log(ZOOM)))
    shape = scaled_shape(image.shape, info.cell_diameter / diameter * float(zoom))
    return filled(resize_plane(image, shape)[:side, :side], side)


def _enlarged(
    example: PreparedExample, side: int, rng: Generator
) -> NDArray[np.float32]:
    """A random part of an example, enlarged."""
    scale = example.scale * float(np.exp(rng.uniform(*np.log(ENLARGED))))
    image = example.image.image
    part = [min(length, math.ceil(side / scale)) for length in image.shape]
    top, left = (
        int(rng.integers(0, length - size + 1))
        for length, size in zip(image.shape, part, strict=True)
    )
    image = image[top : top + part[0], left : left + part[1]]
    shape = scaled_shape(image.shape, scale)
    return filled(resize_plane(image, shape)[:side, :side], side)
