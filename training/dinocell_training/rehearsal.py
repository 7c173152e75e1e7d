"""Images on which a fine-tuned model shall keep the answers of its base.

A model that only ever sees new examples forgets the old ones (McCloskey and Cohen
1989). Its old images are not at hand; but made-up nuclei call on the same knowledge,
and the base itself tells the answers (learning without forgetting: Li and Hoiem 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.feature_cache import Tiles, autocast
from dinocell_training.samples import median_diameter
from dinocell_training.views import View, filled
from napari_dinocell.engine.inference.preprocess import adjust_contrast
from napari_dinocell.engine.inference.scale import resize_plane, scaled_shape
from napari_dinocell.scenes import fluorescent_nuclei

if TYPE_CHECKING:
    from napari_dinocell.engine.inference.device import Precision
    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo
    from napari_dinocell.engine.model.dinocell import DinoCell

ZOOM = 1.35
"""Largest factor by which the nuclei differ from the size the model knows."""

SCENE = 256
"""Side of the made-up images, in their own pixels."""


def rehearsal_tiles(
    base: DinoCell,
    info: CheckpointInfo,
    count: int,
    side: int,
    *,
    device: torch.device,
    precision: Precision,
) -> Tiles:
    """So many made-up square images of nuclei, with the base's own maps as targets."""
    tiles = Tiles.of([_nuclei(info, side, seed) for seed in range(count)])
    answers = []
    with torch.no_grad(), autocast(device, precision):
        for image in torch.split(tiles.image, 8):
            answers.append(base(image.to(device)).float().cpu())
    return Tiles(tiles.image, torch.cat(answers), torch.ones_like(tiles.image))


def _nuclei(info: CheckpointInfo, side: int, seed: int) -> View:
    scene = fluorescent_nuclei(shape=(SCENE, SCENE), seed=seed)
    image = adjust_contrast(scene.image, info.contrast).image
    diameter = median_diameter(scene.labels) or info.cell_diameter
    rng = np.random.default_rng(seed)
    zoom = np.exp(rng.uniform(-np.log(ZOOM), np.log(ZOOM)))
    shape = scaled_shape(image.shape, info.cell_diameter / diameter * float(zoom))
    image = filled(resize_plane(image, shape)[:side, :side], side)
    return View(image, np.zeros_like(image), np.ones_like(image))
