"""Tiles with their targets, and what the frozen backbone makes of them, in memory.

The backbone sees each tile once. Afterwards a step costs the decoder alone, which is
what makes training on a CPU bearable for all but the smallest backbones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.trainer.autocast import autocast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from dinocell_training.finetune.views import View
    from napari_dinocell.engine.inference.device import Precision
    from napari_dinocell.engine.model.dinocell import DinoCell

BATCH = 8
"""Tiles per pass of the backbone."""


@dataclass(slots=True, eq=False)
class Tiles:
    """N tiles; without `features` the whole network runs in each step."""

    image: Tensor
    """(N, 1, S, S), float32 in [0, 1]."""
    target: Tensor
    known: Tensor
    """(N, 1, S, S), 1 where the target counts."""
    features: tuple[Tensor, ...] | None = None
    """4 x (N, C, S / p, S / p), on the host."""

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def of(cls, views: Sequence[View]) -> Tiles:
        """Stack views; nothing is computed yet."""
        image, target, known = (
            torch.from_numpy(np.stack([getattr(view, part) for view in views]))[:, None]
            for part in ("image", "target", "known")
        )
        return cls(image, target, known)

    def add_features(
        self, model: DinoCell, *, device: torch.device, precision: Precision
    ) -> Iterator[int]:
        """Run the frozen backbone over all tiles, and keep its answers.

        They are stored as bfloat16 where the device computes in it, else as float16.

        Yields
        ------
        The number of tiles in each batch. Whoever stops early has no features.
        """
        stored = torch.bfloat16 if precision == "bfloat16" else torch.float16
        parts: list[tuple[Tensor, ...]] = []
        for start in range(0, len(self), BATCH):
            batch = self.image[start : start + BATCH].to(device)
            with torch.no_grad(), autocast(device, precision):
                parts.append(tuple(f.to(stored).cpu() for f in model.features(batch)))
            if start + BATCH >= len(self):
                self.features = tuple(map(torch.cat, zip(*parts, strict=True)))
            yield len(batch)

    def logits(self, model: DinoCell, chosen: Tensor, device: torch.device) -> Tensor:
        """Logits (B, 1, S, S) of some tiles, with gradients of what is not frozen."""
        image = self.image[chosen].to(device)
        if self.features is None:
            return model.logits(image)
        # Stored in half the precision, computed in what autocast makes of float32.
        features = [f[chosen].to(device).float() for f in self.features]
        return model.decode(features, image)


def feature_bytes(model: DinoCell, tile_size: int) -> int:
    """Bytes that one tile takes in the cache, its target included."""
    grid = (tile_size // model.patch_size) ** 2
    return 4 * model.config.backbone.embed_dim * grid * 2 + 3 * 4 * tile_size**2
