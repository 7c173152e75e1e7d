"""Which patches of a view are hidden from the student."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from dinocell_training.pretrain.config import ViewConfig
    from napari_dinocell.engine.arrays import Mask

SMALLEST_BLOCK = 4
"""Patches; blocks are hidden, since single patches could be guessed from around."""

MOST_ASPECT = 3.0
"""Of a block's sides."""


def random_mask(patches: int, config: ViewConfig, rng: Generator) -> Mask:
    """Hidden patches (P, P) of a square view of P x P; often none.

    Random blocks are laid until the drawn share is hidden (BEiT, Bao et al. 2022,
    arXiv:2106.08254, algorithm 1), and what is too many shown again.
    """
    hidden = np.zeros((patches, patches), bool)
    if rng.random() >= config.masked:
        return hidden
    wanted = max(1, round(rng.uniform(*config.masked_share) * hidden.size))
    while hidden.sum() < wanted:
        area = rng.uniform(min(SMALLEST_BLOCK, wanted), wanted)
        aspect = np.exp(rng.uniform(-np.log(MOST_ASPECT), np.log(MOST_ASPECT)))
        height, width = (
            int(np.clip(round(side), 1, patches))
            for side in (np.sqrt(area * aspect), np.sqrt(area / aspect))
        )
        top = int(rng.integers(patches - height + 1))
        left = int(rng.integers(patches - width + 1))
        hidden[top : top + height, left : left + width] = True
    surplus = rng.permutation(np.flatnonzero(hidden))[wanted:]
    hidden.flat[surplus] = False
    return hidden
