"""Self-attention with rotary positions; queries and values have a bias, keys none.

Source: DINOv3 (Siméoni et al., 2025, arXiv:2508.10104), whose key bias is masked to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_dinocell.engine.model.rope import rotate

if TYPE_CHECKING:
    from napari_dinocell.engine.model.rope import RotaryTable


class Attention(nn.Module):
    """Multi-head self-attention over (B, N, C) tokens."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(embed_dim))
        self.v_bias = nn.Parameter(torch.zeros(embed_dim))
        self.proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, tokens: Tensor, table: RotaryTable) -> Tensor:
        """(B, N, C) -> (B, N, C); `table` holds the angles of all N tokens."""
        no_bias = torch.zeros_like(self.q_bias)
        bias = torch.cat([self.q_bias, no_bias, self.v_bias])
        qkv = F.linear(tokens, self.qkv.weight, bias)  # (B, N, 3C)
        count, length, _ = qkv.shape
        qkv = qkv.view(count, length, 3, self.num_heads, -1)  # (B, N, 3, heads, D)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, N, D)
        cos, sin = (part.to(query.dtype) for part in table)
        query, key = rotate(query, (cos, sin)), rotate(key, (cos, sin))
        mixed = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return result
