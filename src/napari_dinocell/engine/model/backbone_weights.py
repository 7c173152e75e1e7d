"""Weights of a DINOv3 backbone in common names -> weights of our backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.key_layouts import common_names, infer_variant
from napari_dinocell.engine.model.rope import rope_periods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from napari_dinocell.engine.model.key_layouts import KeyLayout
    from napari_dinocell.engine.model.variants import Variant

PERIOD_TOLERANCE = 0.01
"""Files store the periods in bfloat16, which is right to 0.4 %."""


def convert_backbone(
    weights: Mapping[str, Tensor], layout: KeyLayout
) -> tuple[dict[str, Tensor], Variant, int]:
    """Rename and regroup the weights of another project's file.

    Returns
    -------
    Our state dict, the variant, and the patch size in pixels. Missing biases of
    queries and values become 0: the 7b, and most of timm's files, have none.

    Raises
    ------
    CheckpointError
        If these are not the weights of a DINOv3 ViT.
    """
    names = common_names(weights, layout)
    common = {name: weights[key] for name, key in names.items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in common.items()}
    variant, patch_size = infer_variant(shapes)
    _check_periods(common.pop("rope_periods", None), variant)
    for index in range(variant.depth):
        _settle_attention(common, f"blocks.{index}.attn.", variant.embed_dim)
    return common, variant, patch_size


def _check_periods(periods: Tensor | None, variant: Variant) -> None:
    if periods is None:
        return
    expected = rope_periods(variant.head_dim)
    found = periods.float()
    if found.shape != expected.shape or not torch.allclose(
        found, expected, rtol=PERIOD_TOLERANCE
    ):
        raise CheckpointError(
            f"Expected rotary periods of base 100 for heads of {variant.head_dim} "
            f"channels, from {expected[0]:.4g} to {expected[-1]:.4g}, got "
            f"{found.flatten().tolist()[:3]}... Pick a DINOv3 ViT."
        )


def _settle_attention(weights: dict[str, Tensor], prefix: str, embed_dim: int) -> None:
    """Join query, key and value weights; split their biases; check the key's is 0."""
    parts = [weights.pop(f"{prefix}{part}.weight", None) for part in "qkv"]
    if all(part is not None for part in parts):
        joined = [part for part in parts if part is not None]
        weights[f"{prefix}qkv.weight"] = torch.cat(joined)
    query, key, value = _take_biases(weights, prefix, embed_dim)
    if key is not None and key.count_nonzero():
        raise CheckpointError(
            f"Expected no bias on the keys of {prefix[:-1]}, as in DINOv3, got one. "
            "Pick a DINOv3 ViT."
        )
    weights[f"{prefix}q_bias"] = query
    weights[f"{prefix}v_bias"] = value


def _take_biases(
    weights: dict[str, Tensor], prefix: str, embed_dim: int
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Remove all forms of a bias, and return query's, key's and value's."""
    joined = weights.pop(f"{prefix}qkv.bias", None)
    mask = weights.pop(f"{prefix}qkv.bias_mask", None)
    if joined is not None:
        if joined.shape != (3 * embed_dim,):
            raise CheckpointError(
                f"Expected {3 * embed_dim} values in {prefix}qkv.bias, got shape "
                f"{tuple(joined.shape)}. Get the file again."
            )
        query, key, value = joined.chunk(3)
        # Meta's files keep a meaningless key bias, and the mask that switches it off
        return query, None if mask is not None else key, value
    nothing = torch.zeros(embed_dim)
    query = weights.pop(f"{prefix}q.bias", weights.pop(f"{prefix}q_bias", nothing))
    value = weights.pop(f"{prefix}v.bias", weights.pop(f"{prefix}v_bias", nothing))
    return query, weights.pop(f"{prefix}k.bias", None), value
