"""DinoCell: DINOv3 backbone, U-Net decoder, distance head."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_dinocell.engine.model.autocast import without_autocast
from napari_dinocell.engine.model.initial_weights import fill_normal
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.standardise import standardise
from napari_dinocell.engine.model.unet_decoder import ConvBlock, UNetDecoder
from napari_dinocell.engine.model.vit import VisionTransformer

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DinoCell", "ModelConfig", "fold_batch_norm", "merge_batch_norm"]

SCRATCH_LAYER_SCALE = 0.1
"""CaiT's value for up to 18 blocks (Touvron et al., 2021, section 2); checkpoints
overwrite it. DINOv3's own 1e-5 would keep a model trained from scratch close to the
identity for thousands of steps."""

INITIAL_LOGIT = -2.2
"""Sigmoid 0.1: most pixels are background, so training need not learn that first."""


class DistanceHead(nn.Conv2d):
    """1x1 convolution to the distance logit, always in float32.

    A bfloat16 logit has 8 bits: its map would be full of plateaus, and cells that
    touch would be divided at random there.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__(in_channels, 1, 1)
        fill_normal(self.weight, std=in_channels**-0.5)
        assert self.bias is not None
        nn.init.constant_(self.bias, INITIAL_LOGIT)

    def forward(self, decoded: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W), float32."""
        with without_autocast(decoded.device):
            bias = self.bias.float() if self.bias is not None else None
            return F.conv2d(decoded.float(), self.weight.float(), bias)


class DinoCell(nn.Module):
    """Grey image in, distance map out; untrained until weights are loaded."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__()
        self.config = config or ModelConfig()
        variant, self.patch_size = self.config.backbone, self.config.patch_size
        channels = self.config.decoder_channels
        self.backbone = VisionTransformer(
            variant, self.patch_size, layer_scale=SCRATCH_LAYER_SCALE
        )
        self.decoder = UNetDecoder(
            variant.embed_dim,
            channels,
            self.patch_size,
            image_skips=self.config.image_skips,
            upsampling=self.config.upsampling,
        )
        self.head = DistanceHead(channels[-1])

    def features(self, image: Tensor) -> tuple[Tensor, ...]:
        """Backbone features: (B, 1, H, W) in [0, 1] -> 4 x (B, C, H / p, W / p).

        Raises
        ------
        ValueError
            If the image is not (B, 1, H, W), or H or W is no multiple of the patch.
        """
        if image.ndim != 4 or image.shape[1] != 1:
            raise ValueError(
                f"Expected grey images of shape (B, 1, H, W), got {tuple(image.shape)}."
            )
        features: tuple[Tensor, ...] = self.backbone(standardise(image, self.config))
        return features

    def decode(self, features: Sequence[Tensor], image: Tensor) -> Tensor:
        """Logits (B, 1, H, W), float32, from the result of `features` and its image."""
        if self.config.image_skips:
            image = standardise(image, self.config, channels=1)
        logits: Tensor = self.head(self.decoder(features, image))
        return logits

    def logits(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) in [0, 1] -> logits of the distance (B, 1, H, W), float32."""
        return self.decode(self.features(image), image)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) in [0, 1] -> distance (B, 1, H, W) in [0, 1], float32."""
        return self.logits(image).sigmoid()


def fold_batch_norm(model: DinoCell) -> DinoCell:
    """Copy a model for inference, each BatchNorm merged into its convolution.

    The result is in evaluation mode and equal up to rounding; it cannot be trained
    or saved.
    """
    return merge_batch_norm(copy.deepcopy(model))


def merge_batch_norm(model: DinoCell) -> DinoCell:
    """As `fold_batch_norm`, in the model itself, which takes no second one's memory."""
    for block in model.eval().modules():
        if isinstance(block, ConvBlock):
            for index in (0, 3):
                conv, norm = block[index], block[index + 1]
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    block[index] = fuse_conv_bn_eval(conv, norm)
                    block[index + 1] = nn.Identity()
    return model
