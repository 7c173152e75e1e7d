"""The whole network: shapes, ranges, precision, folding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.dinocell import (
    DinoCell,
    ModelConfig,
    fold_batch_norm,
)
from napari_dinocell.engine.model.model_config import THIN_DECODER_CHANNELS
from napari_dinocell.engine.model.standardise import standardise
from napari_dinocell.engine.model.unet_decoder import SkipStage, UNetDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

VARIANTS_UNDER_TEST = ["vitx8", "vitx16", "vity8", "vity16"]


@pytest.mark.parametrize("variant", VARIANTS_UNDER_TEST)
@pytest.mark.parametrize("size", [(32, 32), (16, 80)], ids=str)
def test_map_has_the_size_of_the_image(
    make_model: Callable[..., DinoCell], variant: str, size: tuple[int, int]
) -> None:
    """For both patch sizes, square or not; values lie in [0, 1]."""
    distance = make_model(variant)(torch.rand(2, 1, *size))
    assert distance.shape == (2, 1, *size)
    assert distance.dtype == torch.float32
    assert (distance >= 0).all()
    assert (distance <= 1).all()
    assert distance.std() > 0.005


def test_reference_design_has_the_documented_size() -> None:
    """21.4 M in the backbone and 3.08 M in the decoder, head included."""
    with torch.device("meta"):
        model = DinoCell(ModelConfig(variant="vits8"))
    backbone, rest = (
        sum(p.numel() for p in part)
        for part in (
            model.backbone.parameters(),
            (*model.decoder.parameters(), *model.head.parameters()),
        )
    )
    assert backbone == pytest.approx(21.4e6, rel=0.003)
    assert rest == pytest.approx(3.08e6, rel=0.003)


@pytest.mark.parametrize("variant", ["vitt8", "vits8", "vithplus16", "vit7b8"])
def test_full_size_models_fit_together(variant: str) -> None:
    """Shapes only: on this device nothing is stored or computed."""
    with torch.device("meta"):
        model = DinoCell(ModelConfig(variant=variant))
        distance = model(torch.empty(1, 1, 32, 64))
    assert distance.shape == (1, 1, 32, 64)


def test_thin_decoder_is_a_quarter() -> None:
    with torch.device("meta"):
        decoder = UNetDecoder(192, THIN_DECODER_CHANNELS, 8)
    assert sum(p.numel() for p in decoder.parameters()) == pytest.approx(0.77e6, 0.01)


@pytest.mark.parametrize(
    "channels", [(4, 2**31, 4, 4), (4, 10**30, 4, 4), (0, 4, 4, 4)]
)
def test_channels_that_no_decoder_has_are_refused(channels: tuple[int, ...]) -> None:
    with pytest.raises(CheckpointError, match="decoder channels from 1 to 16384"):
        ModelConfig(decoder_channels=channels)


def test_grey_is_repeated_and_standardised() -> None:
    """An image equal to the mean of channel i becomes 0 there."""
    config = ModelConfig(
        variant="vitx8",
        decoder_channels=(8, 6, 5, 4),
        image_mean=(0.5, 0.25, 0.0),
        image_std=(0.5, 0.25, 1.0),
    )
    standardised = standardise(torch.full((1, 1, 8, 8), 0.5), config)
    torch.testing.assert_close(standardised[0, :, 0, 0], torch.tensor([0.0, 1.0, 0.5]))


@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (32, 32), (1, 32, 32)], ids=str)
def test_colour_or_unbatched_images_are_refused(
    make_model: Callable[..., DinoCell], shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"\(B, 1, H, W\)"):
        make_model()(torch.rand(shape))


def test_decoding_cached_features_equals_one_pass(
    make_model: Callable[..., DinoCell],
) -> None:
    """Fine-tuning caches features and trains the decoder alone."""
    model = make_model()
    image = torch.rand(1, 1, 32, 48)
    apart = model.decode(model.features(image), image).sigmoid()
    torch.testing.assert_close(apart, model(image))


def test_untrained_output_is_low() -> None:
    """Most pixels are background: training need not learn that first."""
    config = ModelConfig(variant="vitt16", decoder_channels=THIN_DECODER_CHANNELS)
    with torch.no_grad():
        distance = DinoCell(config).eval()(torch.rand(1, 1, 64, 64))
    assert 0.02 < distance.mean() < 0.3


@pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("variant", VARIANTS_UNDER_TEST)
def test_every_weight_learns(variant: str, autocast: bool) -> None:
    """No part of the model is cut off from the loss."""
    model = DinoCell(ModelConfig(variant=variant, decoder_channels=(8, 6, 5, 4)))
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        distance = model(torch.rand(2, 1, 32, 32))
    distance.square().mean().backward()
    idle = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.count_nonzero()
    ]
    assert idle == []


def test_logits_under_autocast_are_float32_without_plateaus(
    make_model: Callable[..., DinoCell],
) -> None:
    """A bfloat16 map has some hundred values at most, and ties split cells badly."""
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        logits = make_model().logits(torch.rand(1, 1, 64, 64))
    assert logits.dtype == torch.float32
    assert len(torch.unique(logits)) > 0.9 * logits.numel()


def test_bfloat16_copy_still_returns_float32(
    make_model: Callable[..., DinoCell],
) -> None:
    model = make_model().to(torch.bfloat16)
    assert model(torch.rand(1, 1, 16, 16).bfloat16()).dtype == torch.float32


def test_channels_last_changes_nothing(make_model: Callable[..., DinoCell]) -> None:
    model, image = make_model(), torch.rand(2, 1, 32, 48)
    expected = model(image)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = model(image.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_projecting_a_skip_commutes_with_upsampling() -> None:
    """The cheap order of the two is exact."""
    stage = SkipStage(4, 6, 4, "transposed").eval()
    skip = torch.randn(1, 6, 4, 5)

    def upsample(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(x, scale_factor=4, mode="bilinear")

    torch.testing.assert_close(upsample(stage.skip(skip)), stage.skip(upsample(skip)))


@pytest.mark.parametrize("variant", VARIANTS_UNDER_TEST)
def test_folding_batch_norm_keeps_the_map(
    make_model: Callable[..., DinoCell], variant: str
) -> None:
    model, image = make_model(variant), torch.rand(1, 1, 32, 48)
    folded = fold_batch_norm(model)
    torch.testing.assert_close(folded(image), model(image), atol=1e-5, rtol=1e-4)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    assert any(isinstance(m, nn.BatchNorm2d) for m in model.modules())


def test_folding_leaves_a_model_in_training_alone(
    make_model: Callable[..., DinoCell],
) -> None:
    """Validation folds a copy while the model goes on learning."""
    model = make_model().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    folded = fold_batch_norm(model)
    folded(torch.rand(1, 1, 16, 16))
    assert model.training
    assert not folded.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
