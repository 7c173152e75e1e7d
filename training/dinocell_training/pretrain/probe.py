"""How well nearest neighbours among patch features tell cells from background.

The usual look at features without training anything on them (Wu et al. 2018; Caron et
al. 2021), patch by patch, since segmenting is about patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from dinocell_training.data.pairs import list_pairs
from dinocell_training.data.read_pair import read_pair
from dinocell_training.data.source import SourceConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.model.vit import NUM_PREFIX_TOKENS

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from dinocell_training.data.pairs import Pair
    from dinocell_training.pretrain.config import PretrainConfig
    from dinocell_training.pretrain.network import PretrainNetwork

LONGEST = 256
"""Pixels of an image's middle that are looked at, along each side."""

NEIGHBOURS = 20
"""As in the papers."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeImage:
    """The middle of a labelled image."""

    view: Tensor
    """(1, 1, H, W), uint8."""
    cell: Tensor
    """(P,), bool: patches of which cells cover more than a half."""


def read_probe(
    folder: Path, config: PretrainConfig, patch_size: int
) -> list[ProbeImage]:
    """Labelled images of a folder, evenly chosen, ready to be looked at.

    Raises
    ------
    TrainingDataError
        If there are fewer than two, or no patch of cells or none of background.
    """
    pairs = list_pairs(folder, (SourceConfig(name="all"),)).pairs
    step = max(1, len(pairs) / config.probe_images)
    chosen = [pairs[int(i)] for i in np.arange(0, len(pairs), step)]
    images = [_probe_image(pair, config, patch_size) for pair in chosen]
    for part in (images[::2], images[1::2]):
        kinds = set(torch.cat([i.cell for i in part]).tolist()) if part else set()
        if kinds != {False, True}:
            raise TrainingDataError(
                f"Expected cells and background in every second of the images to probe "
                f"with in {folder}, got {len(images)} images that lack one of them. "
                "Give more labelled images."
            )
    return images


def _probe_image(pair: Pair, config: PretrainConfig, patch_size: int) -> ProbeImage:
    image, labels = read_pair(pair)
    rows, columns = (_middle(side, patch_size) for side in labels.shape)
    adjusted = adjust_contrast(to_plane(image, config.channel), config.contrast)
    view = torch.from_numpy(adjusted.levels(np.uint8)[rows, columns].copy())
    covered = torch.from_numpy((labels[rows, columns] > 0).astype(np.float32))
    shares = functional.avg_pool2d(covered[None, None], patch_size)
    return ProbeImage(view[None, None], shares.flatten() > 0.5)


def _middle(side: int, patch_size: int) -> slice:
    """Whole patches in the middle of a side; at least one."""
    length = min(side, LONGEST) // patch_size * patch_size
    if not length:
        raise TrainingDataError(
            f"Expected images to probe with of at least {patch_size} pixels a side, "
            f"got one of {side}. Leave it out."
        )
    start = (side - length) // 2
    return slice(start, start + length)


@torch.no_grad()
def probe_accuracy(
    network: PretrainNetwork, images: list[ProbeImage], device: torch.device
) -> float:
    """Balanced accuracy on every second image, by neighbours in the others."""
    features = [_patch_features(network, image.view.to(device)) for image in images]
    bank, asked = torch.cat(features[::2]), torch.cat(features[1::2])
    known, truth = (
        torch.cat([image.cell for image in part]).to(device)
        for part in (images[::2], images[1::2])
    )
    count = min(NEIGHBOURS, len(bank))
    nearest = torch.cat(
        [(part @ bank.T).topk(count).indices for part in torch.split(asked, 1024)]
    )
    # Weighted by rarity, so that the commoner kind does not always win.
    weight = torch.where(known, 1 / known.sum(), 1 / (~known).sum())
    votes = torch.where(known, weight, -weight)[nearest].sum(1)
    right = (votes > 0) == truth
    return float((right[truth].float().mean() + right[~truth].float().mean()) / 2)


def _patch_features(network: PretrainNetwork, view: Tensor) -> Tensor:
    tokens = network.tokens(view)[0, NUM_PREFIX_TOKENS:]
    return functional.normalize(tokens.float(), dim=-1)
