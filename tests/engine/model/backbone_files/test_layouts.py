"""Backbones in the layouts of Meta, Hugging Face and timm, told by their keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file

from napari_dinocell.engine.model.checkpoint import (
    load_backbone,
    load_checkpoint,
    read_info,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from napari_dinocell.engine.model.dinocell import DinoCell

    Weights = dict[str, Tensor]
    Writer = Callable[[str, Weights], Weights]


LAYOUTS = ["Meta", "Hugging Face", "Hugging Face model", "timm"]
KINDS = [pytest.param("vitx16", id="mlp"), pytest.param("vity8", id="swiglu")]


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("variant", KINDS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_features_survive_the_way_through_a_foreign_file(
    to_layout: Writer,
    make_model: Callable[..., DinoCell],
    tmp_path: Path,
    layout: str,
    variant: str,
    suffix: str,
) -> None:
    """Loaded as a new model whose decoder needs training, variant and all."""
    original = make_model(variant)
    weights = to_layout(layout, original.backbone.state_dict())
    path = tmp_path / f"backbone{suffix}"
    if suffix == ".pth":
        torch.save(weights, path)
    else:
        save_file(weights, path)

    model, info = load_checkpoint(path)

    assert info.needs_training
    assert info.model.variant == variant
    assert info.name == "backbone"
    described = read_info(path)
    assert (described.model, described.recipe) == (info.model, info.recipe)
    image = torch.rand(1, 1, 32, 48)
    for found, expected in zip(
        model.features(image), original.features(image), strict=True
    ):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_writers_cover_the_names_of_real_files(
    to_layout: Writer,
    make_model: Callable[..., DinoCell],
) -> None:
    """Names copied from published files, so that the writers above do not drift."""
    mlp = make_model("vitx16").backbone.state_dict()
    gated = make_model("vity16").backbone.state_dict()
    assert {
        "storage_tokens",
        "patch_embed.proj.weight",
        "blocks.0.attn.qkv.bias_mask",
        "blocks.0.ls1.gamma",
        "blocks.3.mlp.fc1.bias",
    } <= set(to_layout("Meta", mlp))
    assert "blocks.0.mlp.w3.weight" in to_layout("Meta", gated)
    assert {
        "embeddings.patch_embeddings.weight",
        "layer.3.attention.o_proj.bias",
        "layer.0.layer_scale2.lambda1",
        "layer.0.mlp.up_proj.weight",
        "norm.weight",
    } <= set(to_layout("Hugging Face", mlp))
    assert "layer.0.mlp.gate_proj.bias" in to_layout("Hugging Face", gated)
    assert {"reg_token", "blocks.0.gamma_1", "blocks.0.attn.q_bias"} <= set(
        to_layout("timm", mlp)
    )
    assert {"blocks.0.mlp.fc1_g.weight", "blocks.0.mlp.fc1_x.bias"} <= set(
        to_layout("timm", gated)
    )


@pytest.mark.parametrize("layout", ["Meta", "Hugging Face", "timm"])
def test_missing_query_and_value_biases_are_zero(
    to_layout: Writer, make_model: Callable[..., DinoCell], tmp_path: Path, layout: str
) -> None:
    """The 7b and most of timm's files have none."""
    original = make_model()
    with torch.no_grad():
        for name, parameter in original.named_parameters():
            if name.endswith(("q_bias", "v_bias")):
                parameter.zero_()
    weights = {
        name: tensor
        for name, tensor in to_layout(layout, original.backbone.state_dict()).items()
        if not re.search(r"[qv]_bias|[qv]_proj\.bias|qkv\.bias", name)
    }
    save_file(weights, tmp_path / "backbone.safetensors")
    model, _ = load_checkpoint(tmp_path / "backbone.safetensors")
    image = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(model.features(image)[3], original.features(image)[3])


def test_patch_16_file_starts_a_patch_8_model(
    to_layout: Writer, make_model: Callable[..., DinoCell], tmp_path: Path
) -> None:
    """Its features are those of the image with each pixel doubled."""
    original = make_model("vitx16")
    save_file(
        to_layout("timm", original.backbone.state_dict()), tmp_path / "b.safetensors"
    )
    model, info = load_backbone(
        tmp_path / "b.safetensors", patch_size=8, decoder_channels=(8, 8, 4, 4)
    )
    assert info.model.variant == "vitx8"
    assert info.model.decoder_channels == (8, 8, 4, 4)
    image = torch.rand(1, 1, 24, 32)
    doubled = torch.nn.functional.interpolate(image, scale_factor=2, mode="nearest")
    torch.testing.assert_close(
        model.features(image)[3], original.features(doubled)[3], atol=1e-4, rtol=1e-4
    )
    assert model(image).shape == (1, 1, 24, 32)


def test_half_precision_files_are_loaded_as_float32(
    to_layout: Writer, make_model: Callable[..., DinoCell], tmp_path: Path
) -> None:
    weights = to_layout("Meta", make_model().backbone.state_dict())
    save_file({k: v.half() for k, v in weights.items()}, tmp_path / "b.safetensors")
    model, _ = load_checkpoint(tmp_path / "b.safetensors")
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("wrapper", ["model", "state_dict", "teacher"])
def test_wrapped_state_dicts_are_unwrapped(
    to_layout: Writer, make_model: Callable[..., DinoCell], tmp_path: Path, wrapper: str
) -> None:
    weights = to_layout("Meta", make_model().backbone.state_dict())
    torch.save({wrapper: weights, "epoch": 3}, tmp_path / "b.pth")
    assert load_checkpoint(tmp_path / "b.pth")[1].model.variant == "vitx8"


def test_reference_implementation_saves_what_we_load(tmp_path: Path) -> None:
    """A file that transformers itself writes gives the same features as there."""
    transformers = pytest.importorskip("transformers")
    config = transformers.DINOv3ViTConfig(
        patch_size=8,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_register_tokens=4,
        layerscale_value=1.0,
    )
    reference = transformers.DINOv3ViTModel(config).eval()
    reference.save_pretrained(tmp_path)
    model, info = load_checkpoint(tmp_path / "model.safetensors")
    assert info.model.variant == "vitx8"
    assert info.recipe["layout"] == "Hugging Face"
    image = torch.randn(1, 3, 16, 24)
    with torch.no_grad():
        expected = reference(image).last_hidden_state[:, 5:]
        found = model.backbone(image)[-1].flatten(2).mT
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
