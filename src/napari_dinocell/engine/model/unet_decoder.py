"""The decoder: four feature maps of the backbone -> one map at full resolution.

Source: U-Net (Ronneberger et al., 2015, arXiv:1505.04597), with the skips of a
transformer as in UNETR (Hatamizadeh et al., 2021, arXiv:2103.10504).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConvBlock(nn.Sequential):
    """Two times 3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class SkipStage(nn.Module):
    """Double the resolution, join a skip, convolve."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
        self.skip = nn.Conv2d(skip_channels, out_channels, 1)
        self.conv = ConvBlock(2 * out_channels, out_channels)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """(B, C, h, w) and a skip at the patch grid -> (B, C', 2h, 2w)."""
        fine = self.up(coarse)
        # Projecting first is exact (both maps are linear, and bilinear weights sum
        # to 1) and touches 4 to 64 times fewer pixels.
        skip = F.interpolate(
            self.skip(skip), size=fine.shape[-2:], mode="bilinear", align_corners=False
        )
        result: Tensor = self.conv(torch.cat([fine, skip.to(fine.dtype)], dim=1))
        return result


class RefineStage(nn.Module):
    """Convolve without a skip; doubles the resolution where that is still missing."""

    def __init__(self, in_channels: int, out_channels: int, *, upsample: bool) -> None:
        super().__init__()
        self.up = (
            nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
            if upsample
            else nn.Identity()
        )
        self.conv = ConvBlock(out_channels if upsample else in_channels, out_channels)

    def forward(self, coarse: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C', h, w) or (B, C', 2h, 2w)."""
        result: Tensor = self.conv(self.up(coarse))
        return result


class UNetDecoder(nn.Module):
    """Four stages from the deepest features to full resolution.

    Parameters
    ----------
    embed_dim
        Channels of the features.
    channels
        Channels after each stage, coarsest first.
    patch_size
        8 (three stages double the resolution) or 16 (all four do).
    """

    def __init__(
        self, embed_dim: int, channels: Sequence[int], patch_size: int
    ) -> None:
        super().__init__()
        *with_skip, last = channels
        widths = [embed_dim, *with_skip]
        self.stages = nn.ModuleList(
            SkipStage(in_channels, embed_dim, out_channels)
            for in_channels, out_channels in zip(widths, with_skip, strict=False)
        )
        self.refine = RefineStage(
            widths[-1], last, upsample=patch_size == 2 ** (len(with_skip) + 1)
        )
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Four (B, C, H / patch, W / patch), shallowest first -> (B, C', H, W)."""
        *skips, result = features
        for stage, skip in zip(self.stages, reversed(skips), strict=True):
            result = stage(result, skip)
        decoded: Tensor = self.refine(result)
        return decoded
