"""The sizes of the DINOv3 backbone, and the grammar of their names.

A model is called `vit{t,s,splus,b,l,hplus,7b}{8,16}`: size, then patch size in
pixels. Knows no torch.

Source: DINOv3 (Siméoni et al., 2025, arXiv:2508.10104), tables of the model family;
"vitt" is ours (the width of DeiT-tiny).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from napari_dinocell.engine.errors import CheckpointError

FeedForward = Literal["mlp", "swiglu"]

PATCH_SIZES = (8, 16)

# Which blocks the decoder sees, by depth: one at the end of each quarter, more or less.
TAPS: dict[int, tuple[int, int, int, int]] = {
    12: (2, 5, 8, 11),
    24: (4, 11, 17, 23),
    32: (7, 15, 23, 31),
    40: (9, 19, 29, 39),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One size of the backbone, without its patch size."""

    name: str
    """As in file names and settings: "vits"."""
    embed_dim: int
    """Channels of a token."""
    depth: int
    """Number of transformer blocks."""
    num_heads: int
    """Attention heads per block; `embed_dim / num_heads` is a multiple of 4."""
    ffn: FeedForward
    """Kind of the feed-forward half of a block."""
    ffn_dim: int
    """Its hidden channels."""
    taps: tuple[int, ...]
    """Indices of the blocks whose output the decoder sees, shallowest first."""

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.embed_dim // self.num_heads


def _variant(
    name: str, embed_dim: int, depth: int, num_heads: int, ffn: FeedForward, ratio: int
) -> Variant:
    return Variant(
        name, embed_dim, depth, num_heads, ffn, ratio * embed_dim, TAPS[depth]
    )


VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        _variant("vitt", 192, 12, 3, "mlp", 4),
        _variant("vits", 384, 12, 6, "mlp", 4),
        _variant("vitsplus", 384, 12, 6, "swiglu", 4),
        _variant("vitb", 768, 12, 12, "mlp", 4),
        _variant("vitl", 1024, 24, 16, "mlp", 4),
        _variant("vithplus", 1280, 32, 20, "swiglu", 4),
        _variant("vit7b", 4096, 40, 32, "swiglu", 2),
    )
}


def weights_per_pixel(name: str) -> float:
    """Multiplications with weights that a backbone makes for each pixel of an image.

    Attention, which depends on the size of the tiles, is left out.

    Parameters
    ----------
    name
        Of a model, as `parse_variant` takes it.

    Raises
    ------
    CheckpointError
        If there is no such variant.
    """
    variant, patch_size = parse_variant(name)
    halves = {"mlp": 2, "swiglu": 3}[variant.ffn] * variant.ffn_dim
    per_token = variant.depth * variant.embed_dim * (4 * variant.embed_dim + halves)
    return per_token / patch_size**2


def parse_variant(name: str) -> tuple[Variant, int]:
    """Size and patch size (pixels) behind a name such as "vits8".

    Raises
    ------
    CheckpointError
        If there is no such size or patch size.
    """
    match = re.fullmatch(r"(.+?)(8|16)", name)
    if match is None or match[1] not in VARIANTS:
        raise CheckpointError(
            f"Expected a model variant made of one of {', '.join(VARIANTS)} and a "
            f"patch size of 8 or 16, such as 'vits8', got {name!r}."
        )
    return VARIANTS[match[1]], int(match[2])
