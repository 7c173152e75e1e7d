"""Backbone with what only pretraining needs: heads, and what hidden patches become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from dinocell_training.pretrain.heads import ProjectionHead
from napari_dinocell.engine.model.dinocell import SCRATCH_LAYER_SCALE
from napari_dinocell.engine.model.standardise import standardise
from napari_dinocell.engine.model.vit import VisionTransformer

if TYPE_CHECKING:
    from dinocell_training.pretrain.config import PretrainConfig
    from napari_dinocell.engine.model.model_config import ModelConfig


class PretrainNetwork(nn.Module):
    """Student or teacher; `view_head` judges cls tokens, `patch_head` patches."""

    def __init__(self, model: ModelConfig, config: PretrainConfig) -> None:
        super().__init__()
        self.model = model
        variant = model.backbone
        self.backbone = VisionTransformer(
            variant, model.patch_size, layer_scale=SCRATCH_LAYER_SCALE
        )
        self.instead = nn.Parameter(torch.zeros(variant.embed_dim))
        self.view_head, self.patch_head = (
            ProjectionHead(
                variant.embed_dim,
                hidden=config.head_hidden,
                narrow=config.head_narrow,
                prototypes=config.prototypes,
            )
            for _ in range(2)
        )

    def tokens(self, views: Tensor, hidden: Tensor | None = None) -> Tensor:
        """(B, 1, S, S) uint8 -> (B, 5 + P, C); `hidden` (B, P) are not shown."""
        image = standardise(views.float() / 255, self.model)
        shown = None if hidden is None else (hidden, self.instead)
        return self.backbone.tokens(image, shown)
