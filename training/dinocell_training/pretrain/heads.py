"""From features to prototypes: the projection that only pretraining needs.

Source: DINO (Caron et al. 2021, arXiv:2104.14294, appendix C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from napari_dinocell.engine.model.autocast import without_autocast
from napari_dinocell.engine.model.vit import WEIGHT_STD

if TYPE_CHECKING:
    from torch import Tensor


class ProjectionHead(nn.Module):
    """Three layers to a narrow direction, and its cosines with all prototypes."""

    def __init__(
        self, embed_dim: int, *, hidden: int, narrow: int, prototypes: int
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(embed_dim, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, narrow),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=WEIGHT_STD)
                nn.init.zeros_(layer.bias)
        self.prototypes = nn.Parameter(torch.empty(prototypes, narrow))
        nn.init.normal_(self.prototypes)

    def forward(self, features: Tensor) -> Tensor:
        """(..., C) -> cosines (..., K), float32."""
        narrow = self.layers(features)
        # Differences of cosines count after a division by 0.04: bfloat16 loses them.
        with without_autocast(features.device):
            directions = functional.normalize(narrow.float(), dim=-1, eps=1e-6)
            prototypes = functional.normalize(self.prototypes.float(), dim=-1)
            return functional.linear(directions, prototypes)
