"""The DINOv3 vision transformer: image in, four feature maps out.

Written from the published architecture; its features agree with the reference
implementations to 1e-4 when the weights are the same (tests/engine/model).

Source: DINOv3 (Siméoni et al., 2025, arXiv:2508.10104); register tokens: Darcet et al.,
2023, arXiv:2309.16588; SwiGLU: Shazeer, 2020, arXiv:2002.05202.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_dinocell.engine.model.attention import Attention
from napari_dinocell.engine.model.autocast import autocast_dtype, without_autocast
from napari_dinocell.engine.model.rope import RotaryTableCache

if TYPE_CHECKING:
    from napari_dinocell.engine.model.rope import RotaryTable
    from napari_dinocell.engine.model.variants import Variant

NUM_REGISTERS = 4
NUM_PREFIX_TOKENS = 1 + NUM_REGISTERS
NORM_EPS = 1e-5
WEIGHT_STD = 0.02

Hidden: TypeAlias = tuple[Tensor, Tensor]
"""Which patches are not shown (B, P), bool, and the embedding (C,) in their place."""


class Mlp(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, embed_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, embed_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        result: Tensor = self.fc2(F.gelu(self.fc1(tokens)))
        return result


class SwiGlu(nn.Module):
    """A layer gated by a SiLU of another one."""

    def __init__(self, embed_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.gate = nn.Linear(embed_dim, hidden_dim)
        self.up = nn.Linear(embed_dim, hidden_dim)
        self.down = nn.Linear(hidden_dim, embed_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        result: Tensor = self.down(F.silu(self.gate(tokens)) * self.up(tokens))
        return result


class LayerScale(nn.Module):
    """A learned factor per channel (Touvron et al., 2021, arXiv:2103.17239)."""

    def __init__(self, embed_dim: int, initial: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((embed_dim,), float(initial)))

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        return tokens * self.gamma


class Block(nn.Module):
    """Attention and feed-forward, each normalised before and scaled after."""

    def __init__(self, variant: Variant, *, layer_scale: float) -> None:
        super().__init__()
        dim = variant.embed_dim
        feed_forward = Mlp if variant.ffn == "mlp" else SwiGlu
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.attn = Attention(dim, variant.num_heads)
        self.ls1 = LayerScale(dim, layer_scale)
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.mlp = feed_forward(dim, variant.ffn_dim)
        self.ls2 = LayerScale(dim, layer_scale)
        self.drop_path = 0.0

    def forward(self, tokens: Tensor, table: RotaryTable) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        tokens = tokens + self._kept(self.ls1(self.attn(self.norm1(tokens), table)))
        result: Tensor = tokens + self._kept(self.ls2(self.mlp(self.norm2(tokens))))
        return result

    def _kept(self, change: Tensor) -> Tensor:
        """Leave a change out for some images, in training only."""
        if not self.training or self.drop_path == 0:
            return change
        kept = torch.rand(len(change), 1, 1, device=change.device) >= self.drop_path
        return change * kept / (1 - self.drop_path)


class VisionTransformer(nn.Module):
    """DINOv3 backbone.

    Parameters
    ----------
    variant
        Its size.
    patch_size
        Side of a patch, in pixels.
    layer_scale
        Initial layer scale. The original's 1e-5 lets deep models start as the
        identity; shallow ones learn much faster from 0.1.
    """

    def __init__(
        self, variant: Variant, patch_size: int, *, layer_scale: float = 1e-5
    ) -> None:
        super().__init__()
        self.variant = variant
        self.patch_size = patch_size
        dim = variant.embed_dim
        self.patch_embed = nn.Conv2d(3, dim, patch_size, patch_size)
        self.cls_token = nn.Parameter(torch.empty(1, 1, dim))
        self.register_tokens = nn.Parameter(torch.empty(1, NUM_REGISTERS, dim))
        self.blocks = nn.ModuleList(
            Block(variant, layer_scale=layer_scale) for _ in range(variant.depth)
        )
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self._tables = RotaryTableCache(variant.head_dim, NUM_PREFIX_TOKENS)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        # The patch embedding keeps torch's default, which is the original's too.
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=WEIGHT_STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.cls_token, std=WEIGHT_STD)
        nn.init.trunc_normal_(self.register_tokens, std=WEIGHT_STD)

    def drop_paths(self, rate: float) -> None:
        """Stochastic depth while training: 0 at the first block, `rate` at the last.

        Source: Huang et al., 2016, arXiv:1603.09382; as used by DINOv3.
        """
        last = max(1, len(self.blocks) - 1)
        for index, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            block.drop_path = rate * index / last

    def _embed(self, image: Tensor, hidden: Hidden | None) -> Tensor:
        """(B, 3, H, W) -> tokens (B, 5 + P, C): cls, registers, patches row by row."""
        # In bfloat16, oneDNN reads memory that nobody wrote where an image is one patch
        # wide and six or more high (torch 2.13); in float32 this layer costs nothing.
        with without_autocast(image.device):
            grid = self.patch_embed(image.to(self.patch_embed.weight.dtype))
        patches = grid.flatten(2).transpose(1, 2)  # (B, P, C)
        if hidden is not None:
            which, instead = hidden
            patches = torch.where(which[..., None], instead.to(patches.dtype), patches)
        count = image.shape[0]  # unlike len(), traced by the ONNX exporter
        cls_token = self.cls_token.expand(count, -1, -1)
        registers = self.register_tokens.expand(count, -1, -1)
        # fp32 also under autocast: the residual sum needs its precision
        return torch.cat([cls_token, registers, patches], dim=1)

    def _start(
        self, image: Tensor, hidden: Hidden | None = None
    ) -> tuple[Tensor, RotaryTable]:
        """First tokens (B, 5 + P, C) of (B, 3, H, W), and the angles of their places.

        Raises
        ------
        ValueError
            If H or W is no multiple of the patch size.
        """
        height, width = image.shape[-2:]
        if height % self.patch_size or width % self.patch_size:
            raise ValueError(
                f"Expected an image whose sides are multiples of {self.patch_size} "
                f"pixels, got {height} x {width}. Pad it."
            )
        tokens = self._embed(image, hidden)
        dtype = autocast_dtype(tokens.device) or tokens.dtype
        rows, columns = height // self.patch_size, width // self.patch_size
        return tokens, self._tables.get(rows, columns, tokens.device, dtype)

    def tokens(self, image: Tensor, hidden: Hidden | None = None) -> Tensor:
        """All tokens after the last block, normalised: what pretraining learns from.

        Parameters
        ----------
        image
            As for `forward`.
        hidden
            Patches that are not shown, and the embedding that they have instead.

        Returns
        -------
        (B, 5 + P, C): cls, registers, patches row by row.

        Raises
        ------
        ValueError
            As `forward`.
        """
        tokens, table = self._start(image, hidden)
        for block in self.blocks:
            tokens = block(tokens, table)
        result: Tensor = self.norm(tokens)
        return result

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Features after the variant's tap blocks, normalised by the final LayerNorm.

        Parameters
        ----------
        image
            (B, 3, H, W), standardised; H and W are multiples of the patch size.

        Returns
        -------
        One (B, C, H / patch, W / patch) per tap, shallowest first.

        Raises
        ------
        ValueError
            If H or W is no multiple of the patch size.
        """
        tokens, table = self._start(image)
        rows, columns = (side // self.patch_size for side in image.shape[-2:])
        features = []
        for index, block in enumerate(self.blocks):
            tokens = block(tokens, table)
            if index in self.variant.taps:
                patches = self.norm(tokens)[:, NUM_PREFIX_TOKENS:]  # (B, P, C)
                # a view whose memory is channels-last: what the decoder likes best
                grid = patches.transpose(1, 2).reshape(
                    image.shape[0], -1, rows, columns
                )
                features.append(grid)
        return tuple(features)
