"""The decoder: four feature maps of the backbone -> one map at full resolution.

Source: U-Net (Ronneberger et al., 2015, arXiv:1505.04597), with the skips of a
transformer as in UNETR (Hatamizadeh et al., 2021, arXiv:2103.10504).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_dinocell.engine.model.initial_weights import fill_normal
from napari_dinocell.engine.model.upsampling import doubling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.model.model_config import Upsampling


class ConvBlock(nn.Sequential):
    """Two times 3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels, out_channels, 3, stride=stride, padding=1, bias=False
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class SkipStage(nn.Module):
    """Double the resolution, join a skip, convolve."""

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        upsampling: Upsampling,
    ) -> None:
        super().__init__()
        self.up = doubling(in_channels, out_channels, upsampling)
        self.skip = nn.Conv2d(skip_channels, out_channels, 1)
        self.conv = ConvBlock(2 * out_channels, out_channels)

    def forward(
        self, coarse: Tensor, skip: Tensor, detail: Tensor | None = None
    ) -> Tensor:
        """(B, C, h, w), a skip at the patch grid, detail (B, C', 2h, 2w) -> the same.

        Detail is added, not joined: the convolution's cost stays what it was.
        """
        fine = self.up(coarse)
        if detail is not None:
            fine = fine + detail
        # Projecting first is exact (both maps are linear, and bilinear weights sum
        # to 1) and touches 4 to 64 times fewer pixels.
        skip = F.interpolate(
            self.skip(skip), size=fine.shape[-2:], mode="bilinear", align_corners=False
        )
        result: Tensor = self.conv(torch.cat([fine, skip.to(fine.dtype)], dim=1))
        return result


class RefineStage(nn.Module):
    """Convolve without a skip; doubles the resolution where that is still missing."""

    def __init__(
        self, in_channels: int, out_channels: int, upsampling: Upsampling | None
    ) -> None:
        super().__init__()
        self.up = (
            doubling(in_channels, out_channels, upsampling)
            if upsampling
            else nn.Identity()
        )
        self.conv = ConvBlock(out_channels if upsampling else in_channels, out_channels)

    def forward(self, coarse: Tensor, detail: Tensor | None = None) -> Tensor:
        """(B, C, h, w) -> (B, C', h, w) or (B, C', 2h, 2w), as detail is."""
        fine = self.up(coarse)
        if detail is not None:
            fine = fine + detail
        result: Tensor = self.conv(fine)
        return result


class ImageSkips(nn.Module):
    """The image at the decoder's resolutions: strided convolutions, finest first.

    A patch of 16 x 16 pixels becomes one token, in which a small backbone cannot keep
    where exactly an outline runs. UNETR hands the image to its last stage for the same
    reason (Hatamizadeh et al., 2021, figure 1).

    Parameters
    ----------
    channels
        Of the levels, coarsest first; each has half the resolution of the next.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        widths = [1, *reversed(channels)]
        self.levels = nn.ModuleList(
            ConvBlock(width, wider, stride=2 if index else 1)
            for index, (width, wider) in enumerate(itertools.pairwise(widths))
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, 1, H, W) -> coarsest first, (B, C, H / 2^i, W / 2^i), the last whole."""
        found: list[Tensor] = []
        for level in self.levels:
            image = level(image)
            found.insert(0, image)
        return found


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
    image_skips
        Whether each stage that doubles the resolution also sees the image.
    upsampling
        How the resolution is doubled.
    """

    def __init__(
        self,
        embed_dim: int,
        channels: Sequence[int],
        patch_size: int,
        *,
        image_skips: bool = False,
        upsampling: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        *with_skip, last = channels
        widths = [embed_dim, *with_skip]
        self.stages = nn.ModuleList(
            SkipStage(in_channels, embed_dim, out_channels, upsampling)
            for in_channels, out_channels in zip(widths, with_skip, strict=False)
        )
        doublings = patch_size.bit_length() - 1
        self.refine = RefineStage(
            widths[-1], last, upsampling if doublings > len(with_skip) else None
        )
        self.image_skips = ImageSkips(channels[:doublings]) if image_skips else None
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """For ReLU, by the number of outputs (He et al. 2015)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
                fan_out = module.weight[:, 0].numel()
                fill_normal(module.weight, std=(2 / fan_out) ** 0.5)

    def forward(self, features: Sequence[Tensor], image: Tensor) -> Tensor:
        """Four (B, C, H / patch, W / patch), shallowest first -> (B, C', H, W).

        `image` is (B, 1, H, W), standardised; without image skips it is not looked at.
        """
        *skips, result = features
        details: list[Tensor | None] = [None] * (len(self.stages) + 1)
        if self.image_skips is not None:
            found = self.image_skips(image)
            details[: len(found)] = found
        for stage, skip, detail in zip(
            self.stages, reversed(skips), details, strict=False
        ):
            result = stage(result, skip, detail)
        decoded: Tensor = self.refine(result, details[-1])
        return decoded
