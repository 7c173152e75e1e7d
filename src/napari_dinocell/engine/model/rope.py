"""Rotary position embedding on patch centres, as in DINOv3.

Each axis is normalised to [-1, 1] on its own; a head's channels rotate in pairs
(i, i + head_dim/2), the first half of the pairs by the row, the second by the column.

Source: RoFormer (Su et al., 2021, arXiv:2104.09864) for the rotation; DINOv3
(Siméoni et al., 2025, arXiv:2508.10104, section 3.2) for axes, base and normalisation.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import torch
from torch import Tensor

ROPE_BASE = 100.0
"""Periods run from 1 to almost this, in units of half an image."""

MAX_CACHED_TABLES = 16
"""Tile shapes x dtypes that a session meets at once; a table is about 0.1-1 MB."""

RotaryTable: TypeAlias = tuple[Tensor, Tensor]
"""Cosine and sine, each (N, head_dim / 2), N tokens."""


def rope_periods(head_dim: int, base: float = ROPE_BASE) -> Tensor:
    """Periods of the rotation, (head_dim / 4,), shared by both axes."""
    exponents = torch.arange(head_dim // 4, dtype=torch.float32) / (head_dim // 4)
    return base**exponents


def patch_centres(rows: int, columns: int) -> Tensor:
    """Centres of a grid of patches as (y, x) in [-1, 1], (rows * columns, 2)."""
    y = (torch.arange(rows, dtype=torch.float32) + 0.5) / rows * 2 - 1
    x = (torch.arange(columns, dtype=torch.float32) + 0.5) / columns * 2 - 1
    return torch.stack(torch.meshgrid(y, x, indexing="ij"), dim=-1).flatten(0, 1)


def rotary_table(rows: int, columns: int, head_dim: int, prefix: int) -> RotaryTable:
    """Cosine and sine per token for a grid of patches behind `prefix` other tokens.

    The prefix (cls and register tokens) has no place in the image: its angle is 0,
    which leaves it as it is.
    """
    centres = patch_centres(rows, columns)  # (P, 2)
    angles = 2 * math.pi * centres[:, :, None] / rope_periods(head_dim)  # (P, 2, D/4)
    patches = angles.flatten(1)  # (P, D/2)
    tokens = torch.cat([patches.new_zeros(prefix, head_dim // 2), patches])
    return tokens.cos(), tokens.sin()


def rotate(tokens: Tensor, table: RotaryTable) -> Tensor:
    """Turn queries or keys (B, heads, N, head_dim) by their token's angles."""
    cos, sin = table
    first, second = tokens.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class RotaryTableCache:
    """Tables by grid, device and dtype, so that repeated tiles cost nothing."""

    def __init__(self, head_dim: int, prefix: int) -> None:
        self.head_dim = head_dim
        self.prefix = prefix
        self._tables: dict[tuple[object, ...], RotaryTable] = {}

    def get(
        self, rows: int, columns: int, device: torch.device, dtype: torch.dtype
    ) -> RotaryTable:
        """Return the table for a grid of patches, made at the first request."""
        key = (rows, columns, device, dtype)
        table = self._tables.get(key)
        if table is None:
            # A table made in inference mode could never be used for training after.
            with torch.inference_mode(False), torch.device("cpu"):
                cos, sin = rotary_table(rows, columns, self.head_dim, self.prefix)
                table = cos.to(device, dtype), sin.to(device, dtype)
            if len(self._tables) >= MAX_CACHED_TABLES:
                self._tables.clear()
            self._tables[key] = table
        return table
