"""Writers of backbone files as other projects write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import torch

from napari_dinocell.engine.model.rope import rope_periods

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Weights = dict[str, Tensor]


def renamed(weights: Weights, *rules: tuple[str, str]) -> Weights:
    """Replace parts of names, whole words only, in the order of the rules."""
    result = {}
    for name, tensor in weights.items():
        for old, new in rules:
            name = re.sub(rf"(?<![\w.]){old}|(?<=\.){old}(?=\.|$)", new, name)
        result[name] = tensor.clone()
    return result


def to_meta(weights: Weights) -> Weights:
    """As torch.hub files of facebookresearch/dinov3: joined bias, mask, extras."""
    result = renamed(
        weights,
        ("register_tokens", "storage_tokens"),
        ("patch_embed", "patch_embed.proj"),
        ("gate", "w1"),
        ("up", "w2"),
        ("down", "w3"),
    )
    for index in range(4):
        prefix = f"blocks.{index}.attn"
        query, value = result.pop(f"{prefix}.q_bias"), result.pop(f"{prefix}.v_bias")
        nothing = torch.zeros_like(query)
        # the key's part is never used: the mask switches it off
        key = torch.randn_like(query)
        result[f"{prefix}.qkv.bias"] = torch.cat([query, key, value])
        result[f"{prefix}.qkv.bias_mask"] = torch.cat([nothing + 1, nothing, nothing])
    result["mask_token"] = torch.zeros(1, 24)
    result["rope_embed.periods"] = rope_periods(12).bfloat16()
    result["local_cls_norm.weight"] = torch.ones(24)
    result["local_cls_norm.bias"] = torch.zeros(24)
    return result


def to_hugging_face(weights: Weights) -> Weights:
    """As model.safetensors of facebook/dinov3-*: parts apart, no key bias."""
    result = renamed(
        weights,
        ("blocks", "layer"),
        ("cls_token", "embeddings.cls_token"),
        ("register_tokens", "embeddings.register_tokens"),
        ("patch_embed", "embeddings.patch_embeddings"),
        ("attn.proj", "attention.o_proj"),
        ("ls1.gamma", "layer_scale1.lambda1"),
        ("ls2.gamma", "layer_scale2.lambda1"),
        ("gate", "gate_proj"),
        ("up|fc1", "up_proj"),
        ("down|fc2", "down_proj"),
        ("attn.q_bias", "attention.q_proj.bias"),
        ("attn.v_bias", "attention.v_proj.bias"),
    )
    for index in range(4):
        joined = result.pop(f"layer.{index}.attn.qkv.weight")
        for part, weight in zip("qkv", joined.chunk(3), strict=True):
            name = f"layer.{index}.attention.{part}_proj.weight"
            result[name] = weight.contiguous()
    result["embeddings.mask_token"] = torch.zeros(1, 1, 24)
    return result


def to_hugging_face_model(weights: Weights) -> Weights:
    """As DINOv3ViTModel.state_dict() of transformers 5."""
    return {
        re.sub(r"^layer\.", "model.layer.", name): tensor
        for name, tensor in to_hugging_face(weights).items()
    }


def to_timm(weights: Weights) -> Weights:
    """As timm's vit_*_dinov3_qkvb."""
    return renamed(
        weights,
        ("register_tokens", "reg_token"),
        ("patch_embed", "patch_embed.proj"),
        ("ls1.gamma", "gamma_1"),
        ("ls2.gamma", "gamma_2"),
        ("gate", "fc1_g"),
        ("up", "fc1_x"),
        ("down", "fc2"),
    )


@pytest.fixture(scope="session")
def to_layout() -> Callable[[str, Weights], Weights]:
    """Rename our backbone's weights to the layout of a given name."""
    writers = {
        "Meta": to_meta,
        "Hugging Face": to_hugging_face,
        "Hugging Face model": to_hugging_face_model,
        "timm": to_timm,
    }
    return lambda layout, weights: writers[layout](weights)
