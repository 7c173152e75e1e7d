"""Names of models, and what they stand for."""

from __future__ import annotations

import pytest

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, parse_variant

PUBLISHED = {  # embed dim, depth, heads, feed-forward, its hidden channels
    "vitt": (192, 12, 3, "mlp", 768),
    "vits": (384, 12, 6, "mlp", 1536),
    "vitsplus": (384, 12, 6, "swiglu", 1536),
    "vitb": (768, 12, 12, "mlp", 3072),
    "vitl": (1024, 24, 16, "mlp", 4096),
    "vithplus": (1280, 32, 20, "swiglu", 5120),
    "vit7b": (4096, 40, 32, "swiglu", 8192),
}


@pytest.mark.parametrize("patch_size", [8, 16])
@pytest.mark.parametrize("name", PUBLISHED)
def test_variant_has_the_published_size(name: str, patch_size: int) -> None:
    variant, patch = parse_variant(f"{name}{patch_size}")
    found = (
        variant.embed_dim,
        variant.depth,
        variant.num_heads,
        variant.ffn,
        variant.ffn_dim,
    )
    assert (found, patch) == (PUBLISHED[name], patch_size)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda v: v.name)
def test_taps_are_four_and_end_at_the_last_block(variant: object) -> None:
    taps = variant.taps  # type: ignore[attr-defined]
    assert len(taps) == 4
    assert list(taps) == sorted(set(taps))
    assert taps[-1] == variant.depth - 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "vits", "vits14", "resnet8", "8", "VITS8"])
def test_unknown_name_is_an_error_that_lists_the_known(name: str) -> None:
    with pytest.raises(CheckpointError, match=r"vitsplus.*got"):
        parse_variant(name)


def test_model_config_survives_json() -> None:
    """JSON turns tuples into lists; they come back as tuples."""
    config = ModelConfig(variant="vitt16", decoder_channels=(8, 6, 5, 4))
    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in config.to_dict().items()
    }
    assert ModelConfig.from_dict(values) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(
            {"decoder_channels": (8, 4)}, "4 decoder channels from 1", id="stages"
        ),
        pytest.param(
            {"decoder_channels": (8, 4, 2, 0)}, "channels from 1", id="channels"
        ),
        pytest.param(
            {"image_mean": (0.5,)}, "another length as its .image_mean.", id="mean"
        ),
        pytest.param({"image_std": (0.2, 0.2, 0.0)}, "positive image", id="std"),
        pytest.param({"variant": "vitz8"}, "variant", id="variant"),
        pytest.param({"depth": 3}, "cannot be read", id="unknown"),
        pytest.param({"decoder_channels": 4}, "cannot be read", id="type"),
    ],
)
def test_model_config_refuses(values: dict[str, object], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        ModelConfig.from_dict(values)
