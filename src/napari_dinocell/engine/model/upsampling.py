"""Doubling the resolution inside the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from napari_dinocell.engine.model.initial_weights import fill_normal

if TYPE_CHECKING:
    from napari_dinocell.engine.model.model_config import Upsampling


def doubling(in_channels: int, out_channels: int, kind: Upsampling) -> nn.Module:
    """A layer (B, C, h, w) -> (B, C', 2h, 2w), with weight and bias of any kind."""
    if kind == "transposed":
        return nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
    return ProjectedUpsampling(in_channels, out_channels, kind)


class ProjectedUpsampling(nn.Conv2d):
    """A 1x1 convolution, then interpolation.

    A transposed convolution computes the four pixels that come of one by four kernels,
    which nothing keeps alike: what they differ by lies as a checkerboard over the map
    (Odena et al. 2016, "Deconvolution and checkerboard artifacts",
    doi:10.23915/distill.00003). Here one kernel makes all four; the 3x3 convolutions
    that follow look around. A fourth of the work as well, since projecting before
    interpolating is exact: both are linear, and the weights of the second sum to 1.

    Parameters
    ----------
    kind
        "bilinear" or "nearest".
    """

    def __init__(self, in_channels: int, out_channels: int, kind: str) -> None:
        super().__init__(in_channels, out_channels, 1)
        self._kind = kind
        # The variance of what comes in, as without a rectifier before the next layer.
        fill_normal(self.weight, std=in_channels**-0.5)

    def forward(self, coarse: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C', 2h, 2w)."""
        projected = super().forward(coarse)
        if self._kind == "nearest":
            return F.interpolate(projected, scale_factor=2, mode="nearest")
        return F.interpolate(
            projected, scale_factor=2, mode="bilinear", align_corners=False
        )


def shared_kernel(transposed: Tensor) -> Tensor:
    """Weights for `ProjectedUpsampling` from those of a transposed convolution.

    Parameters
    ----------
    transposed
        (C, C', 2, 2): a kernel for each of the four pixels.

    Returns
    -------
    (C', C, 1, 1), the mean of the four: with "nearest" the same map, less the
    checkerboard.
    """
    return transposed.mean((2, 3)).T[:, :, None, None].contiguous()
