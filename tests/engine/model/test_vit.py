"""The backbone against the reference implementation, and on its own."""

from __future__ import annotations

import pytest
import torch

from napari_dinocell.engine.model.variants import VARIANTS, Variant
from napari_dinocell.engine.model.vit import VisionTransformer

PARAMETERS = {  # published, in millions (7b: without the decoder's parts)
    "vits8": 21.4,
    "vits16": 21.6,
    "vitsplus16": 28.7,
    "vitb16": 85.7,
    "vitl16": 303,
    "vithplus16": 841,
    "vit7b16": 6716,
}


def on_meta(name: str) -> VisionTransformer:
    size, patch = (name[:-2], 16) if name.endswith("16") else (name[:-1], 8)
    with torch.device("meta"):
        return VisionTransformer(VARIANTS[size], patch)


@pytest.mark.parametrize("name", PARAMETERS)
def test_number_of_parameters_is_the_published_one(name: str) -> None:
    count = sum(p.numel() for p in on_meta(name).parameters()) / 1e6
    assert count == pytest.approx(PARAMETERS[name], rel=0.003)


def test_largest_variant_runs_where_nothing_is_computed() -> None:
    """Shapes fit together in the 7b too, without its 27 GB."""
    features = on_meta("vit7b16")(torch.empty(1, 3, 32, 48, device="meta"))
    assert [tuple(f.shape) for f in features] == [(1, 4096, 2, 3)] * 4


@pytest.mark.parametrize("patch_size", [8, 16])
@pytest.mark.parametrize("size", [(32, 32), (16, 64), (48, 80)], ids=str)
def test_features_have_one_value_per_patch(
    patch_size: int, size: tuple[int, int]
) -> None:
    backbone = VisionTransformer(VARIANTS["vitx"], patch_size)
    features = backbone(torch.randn(2, 3, *size))
    grid = (size[0] // patch_size, size[1] // patch_size)
    assert [tuple(f.shape) for f in features] == [(2, 24, *grid)] * 4


@pytest.mark.parametrize("size", [(20, 32), (32, 20)], ids=str)
def test_side_that_is_no_multiple_of_the_patch_is_refused(
    size: tuple[int, int],
) -> None:
    backbone = VisionTransformer(VARIANTS["vitx"], 8)
    with pytest.raises(ValueError, match=r"multiples of 8 pixels, got \d+ x \d+"):
        backbone(torch.randn(1, 3, *size))


def test_tokens_are_what_the_last_features_are_made_of() -> None:
    """Cls and registers first, then the patches that `forward` gives as a grid."""
    torch.manual_seed(0)
    model = VisionTransformer(VARIANTS["vitx"], 8).eval()
    image = torch.randn(2, 3, 16, 24)
    tokens = model.tokens(image)
    assert tokens.shape == (2, 5 + 6, 24)
    grid = tokens[:, 5:].transpose(1, 2).reshape(2, 24, 2, 3)
    torch.testing.assert_close(grid, model(image)[-1])


def test_hidden_patches_do_not_matter() -> None:
    """Their content changes nothing; without hiding, it changes every token."""
    torch.manual_seed(0)
    model = VisionTransformer(VARIANTS["vitx"], 8, layer_scale=0.1).eval()
    image = torch.randn(1, 3, 16, 24)
    other = image.clone()
    other[..., :8, 8:16] = 1.0
    which = torch.tensor([[False, True, False, False, False, False]])
    hidden = (which, torch.zeros(24))
    torch.testing.assert_close(model.tokens(image, hidden), model.tokens(other, hidden))
    assert not torch.allclose(model.tokens(image), model.tokens(other))


def test_images_of_a_batch_do_not_mix() -> None:
    backbone = VisionTransformer(VARIANTS["vity"], 8, layer_scale=1).eval()
    images = torch.randn(3, 3, 16, 24)
    together = backbone(images)[-1]
    apart = torch.cat([backbone(image[None])[-1] for image in images])
    torch.testing.assert_close(together, apart)


def test_position_matters() -> None:
    """Equal patches differ in their features only by where they are."""
    backbone = VisionTransformer(VARIANTS["vitx"], 8, layer_scale=1).eval()
    with torch.no_grad():
        for parameter in backbone.parameters():
            parameter.normal_(std=0.3)
    image = torch.randn(1, 3, 16, 16)
    image[..., :8, 8:] = image[..., :8, :8]
    features = backbone(image)[-1]
    assert not torch.allclose(features[..., 0, 0], features[..., 0, 1], atol=1e-3)


def test_layer_scale_starts_at_the_given_value() -> None:
    backbone = VisionTransformer(VARIANTS["vitx"], 8, layer_scale=0.25)
    scales = [p for name, p in backbone.named_parameters() if name.endswith("gamma")]
    assert len(scales) == 8
    assert all((scale == 0.25).all() for scale in scales)


def test_stochastic_depth_is_for_training_only() -> None:
    torch.manual_seed(0)
    model = VisionTransformer(VARIANTS["vitt"], 16, layer_scale=0.1)
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        plain = model.train()(images)[-1]
        model.drop_paths(0.5)
        assert [block.drop_path for block in model.blocks][::11] == [0.0, 0.5]
        dropped = [model(images)[-1] for _ in range(4)]
        torch.testing.assert_close(model.eval()(images)[-1], plain)
    assert not any(torch.equal(result, plain) for result in dropped)


def test_stochastic_depth_keeps_the_mean() -> None:
    """What is kept is enlarged, so that evaluation sees the same sum."""
    torch.manual_seed(0)
    model = VisionTransformer(VARIANTS["vitt"], 16)
    model.drop_paths(0.25)
    block = model.blocks[-1].train()
    change = torch.ones(4000, 2, 3)
    kept = block._kept(change)
    assert kept.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert kept.mean() == pytest.approx(1.0, abs=0.05)
    assert torch.equal(kept.amin((1, 2)), kept.amax((1, 2)))  # whole images


def test_residual_stream_stays_float32_under_autocast() -> None:
    """Sums over many blocks lose too much in bfloat16."""
    backbone = VisionTransformer(VARIANTS["vitx"], 8, layer_scale=1).eval()
    image = torch.randn(1, 3, 32, 32)
    exact = backbone(image)[-1]
    with torch.autocast("cpu", torch.bfloat16):
        rounded = backbone(image)[-1]
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("patch_size", [8, 16])
@pytest.mark.parametrize("ffn", ["mlp", "swiglu"])
def test_features_equal_the_reference_implementation(
    ffn: str, patch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same random weights in transformers' DINOv3: equal to 1e-4 at every tap.

    The weights travel through the key conversion, which has tests of its own.
    """
    from napari_dinocell.engine.model.backbone_weights import convert_backbone
    from napari_dinocell.engine.model.key_layouts import HUGGING_FACE

    transformers = pytest.importorskip("transformers")
    variant = Variant("vitz", 48, 12, 3, ffn, 96, (2, 5, 8, 11))  # type: ignore[arg-type]
    monkeypatch.setitem(VARIANTS, "vitz", variant)
    reference = transformers.DINOv3ViTModel(
        transformers.DINOv3ViTConfig(
            patch_size=patch_size,
            hidden_size=48,
            intermediate_size=96,
            num_hidden_layers=12,
            num_attention_heads=3,
            use_gated_mlp=ffn == "swiglu",
            hidden_act="silu" if ffn == "swiglu" else "gelu",
            num_register_tokens=4,
        )
    ).eval()
    for parameter in reference.parameters():
        parameter.data.normal_(std=0.2)
    ours = VisionTransformer(variant, patch_size).eval()
    weights, *_ = convert_backbone(reference.state_dict(), HUGGING_FACE)
    ours.load_state_dict(weights)

    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        expected = reference(image, output_hidden_states=True).hidden_states
        for tap, found in zip(variant.taps, ours(image), strict=True):
            tokens = reference.norm(expected[tap + 1])[:, 5:]
            torch.testing.assert_close(
                found.flatten(2).mT, tokens, atol=1e-4, rtol=1e-4
            )


def test_patches_are_embedded_in_float32_also_under_autocast() -> None:
    """In bfloat16, torch reads memory that nobody wrote on images one patch wide."""
    tiny = Variant("vitx", 24, 4, 2, "mlp", 40, (0, 1, 2, 3))
    torch.manual_seed(0)
    backbone = VisionTransformer(tiny, 16).eval()
    seen: list[torch.dtype] = []
    backbone.patch_embed.register_forward_hook(
        lambda layer, given, made: seen.append(made.dtype)
    )
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        backbone(torch.rand(1, 3, 96, 16))
    assert seen == [torch.float32]
