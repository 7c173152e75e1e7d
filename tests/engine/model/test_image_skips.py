"""Image skips: the decoder sees the image itself, where a model asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from napari_dinocell.engine.model.dinocell import DinoCell, fold_batch_norm
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.unet_decoder import ImageSkips

if TYPE_CHECKING:
    from pathlib import Path

VARIANTS = ["vitx8", "vitx16"]


def make(variant: str = "vitx16", *, image_skips: bool = True) -> DinoCell:
    torch.manual_seed(0)
    return DinoCell(
        ModelConfig(
            variant=variant, decoder_channels=(8, 6, 5, 4), image_skips=image_skips
        )
    ).eval()


def test_levels_halve_from_the_whole_image() -> None:
    found = ImageSkips((8, 6, 5, 4))(torch.rand(2, 1, 32, 48))
    assert [tuple(level.shape) for level in found] == [
        (2, 8, 4, 6),
        (2, 6, 8, 12),
        (2, 5, 16, 24),
        (2, 4, 32, 48),
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_map_has_the_size_of_the_image(variant: str) -> None:
    assert make(variant)(torch.rand(2, 1, 16, 80)).shape == (2, 1, 16, 80)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_weight_learns(variant: str) -> None:
    model = make(variant).train()
    model(torch.rand(2, 1, 32, 32)).square().mean().backward()
    idle = [n for n, p in model.named_parameters() if not p.grad.count_nonzero()]
    assert idle == []


def test_the_decoder_answers_to_the_image_itself() -> None:
    """Same features, another image: another map, but not without skips."""
    image, other = torch.rand(2, 1, 1, 32, 32)
    for image_skips in (True, False):
        model = make(image_skips=image_skips)
        features = model.features(image)
        same = torch.equal(model.decode(features, image), model.decode(features, other))
        assert same is not image_skips


@pytest.mark.parametrize("variant", VARIANTS)
def test_folding_batch_norm_keeps_the_map(variant: str) -> None:
    model, image = make(variant), torch.rand(1, 1, 32, 48)
    folded = fold_batch_norm(model)
    torch.testing.assert_close(folded(image), model(image), atol=1e-5, rtol=1e-4)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())


def test_a_checkpoint_keeps_them(tmp_path: Path) -> None:
    model, path = make(), tmp_path / "m.safetensors"
    save_checkpoint(path, model, CheckpointInfo(name="m", model=model.config))
    loaded, info = load_checkpoint(path)
    image = torch.rand(1, 1, 32, 32)
    assert info.model.image_skips
    torch.testing.assert_close(loaded(image), model(image))


def test_a_file_from_before_they_existed_still_loads() -> None:
    values = ModelConfig(variant="vitx16").to_dict()
    del values["image_skips"]
    assert not ModelConfig.from_dict(values).image_skips
