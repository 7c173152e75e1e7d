"""Backbone files of other models, and damaged ones: the error says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from napari_dinocell.engine.model.dinocell import DinoCell

    Weights = dict[str, Tensor]
    Writer = Callable[[str, Weights], Weights]


def without(name: str) -> Callable[[Weights], None]:
    def spoil(weights: Weights) -> None:
        del weights[name]

    return spoil


def with_value(name: str, tensor: Tensor) -> Callable[[Weights], None]:
    return lambda weights: weights.update({name: tensor})


@pytest.mark.parametrize(
    ("layout", "spoil", "message"),
    [
        pytest.param(
            "Meta",
            with_value("head.weight", torch.ones(2)),
            r"1 unknown ones: 'head.weight'",
            id="foreign part",
        ),
        pytest.param(
            "timm",
            with_value("pos_embed", torch.ones(1, 2, 24)),
            "'pos_embed'",
            id="other timm model",
        ),
        pytest.param(
            "timm",
            without("blocks.2.norm1.weight"),
            r"1 missing \('blocks.2.norm1.weight'\)",
            id="missing weight",
        ),
        pytest.param(
            "Hugging Face",
            without("layer.1.attention.k_proj.weight"),
            "missing",
            id="missing key projection",
        ),
        pytest.param(
            "Meta",
            without("patch_embed.proj.weight"),
            "patch embedding",
            id="no patch embedding",
        ),
        pytest.param(
            "Meta",
            with_value("blocks.1.norm1.weight", torch.ones(7)),
            r"expected \(24,\) for blocks.1.norm1.weight, got \(7,\)",
            id="wrong shape",
        ),
        pytest.param(
            "Meta",
            with_value("storage_tokens", torch.ones(1, 1, 24)),
            r"expected \(1, 4, 24\) for register_tokens",
            id="one register token",
        ),
        pytest.param(
            "Meta",
            with_value("blocks.0.attn.qkv.bias", torch.ones(5)),
            "Expected 72 values",
            id="short bias",
        ),
        pytest.param(
            "Meta",
            without("blocks.0.attn.qkv.bias_mask"),
            "no bias on the keys",
            id="unmasked key bias",
        ),
        pytest.param(
            "Hugging Face",
            with_value("layer.0.attention.k_proj.bias", torch.ones(24)),
            "no bias on the keys",
            id="key bias",
        ),
        pytest.param(
            "Meta",
            with_value("rope_embed.periods", torch.ones(3)),
            "rotary periods of base 100",
            id="other rotary base",
        ),
        pytest.param(
            "timm",
            with_value("patch_embed.proj.weight", torch.ones(24, 3, 14, 14)),
            "patches of 14 pixels",
            id="patch 14",
        ),
        pytest.param(
            "timm",
            with_value("patch_embed.proj.weight", torch.ones(25, 3, 8, 8)),
            "No variant has 25 channels, 4 blocks",
            id="unknown size",
        ),
        pytest.param(
            "timm",
            without("reg_token"),
            "layout of Meta, Hugging Face or timm",
            id="no register tokens",
        ),
    ],
)
def test_file_that_is_no_dinov3_backbone_says_why(
    to_layout: Writer,
    make_model: Callable[..., DinoCell],
    tmp_path: Path,
    layout: str,
    spoil: Callable[[Weights], None],
    message: str,
) -> None:
    """The error names the file and what is wrong with it."""
    weights = to_layout(layout, make_model().backbone.state_dict())
    spoil(weights)
    path = tmp_path / "odd.safetensors"
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
