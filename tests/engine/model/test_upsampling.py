"""How the decoder doubles a resolution: transposed convolutions or interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig, fold_batch_norm
from napari_dinocell.engine.model.unet_decoder import UNetDecoder
from napari_dinocell.engine.model.upsampling import (
    ProjectedUpsampling,
    doubling,
    shared_kernel,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.model.model_config import Upsampling

INTERPOLATED: list[Upsampling] = ["bilinear", "nearest"]
ALL: list[Upsampling] = ["transposed", "bilinear", "nearest"]


def make(upsampling: Upsampling, variant: str = "vitx16") -> DinoCell:
    torch.manual_seed(0)
    config = ModelConfig(
        variant=variant,
        decoder_channels=(8, 6, 5, 4),
        image_skips=True,
        upsampling=upsampling,
    )
    return DinoCell(config).eval()


def _ripple(upsampling: Upsampling, patch_size: int) -> float:
    """What a decoder adds to constant features, by the height of its map.

    Away from the border, where the image ends, nothing tells pixels apart but their
    place within a patch.
    """
    torch.manual_seed(1)
    decoder = UNetDecoder(24, (16, 12, 10, 8), patch_size, upsampling=upsampling).eval()
    features = [torch.randn(24)[None, :, None, None].expand(1, 24, 12, 12)] * 4
    with torch.no_grad():
        decoded = decoder(features, torch.zeros(1, 1, 12 * patch_size, 12 * patch_size))
    border = 5 * patch_size
    inside = decoded[0, :, border:-border, border:-border]
    return float(inside.std((1, 2)).max() / inside.abs().max())


@pytest.mark.parametrize("patch_size", [8, 16])
@pytest.mark.parametrize("upsampling", INTERPOLATED)
def test_interpolation_leaves_no_checkerboard(
    upsampling: Upsampling, patch_size: int
) -> None:
    assert _ripple(upsampling, patch_size) < 1e-5
    assert _ripple("transposed", patch_size) > 0.05


@pytest.mark.parametrize("kind", ALL)
def test_the_resolution_doubles(kind: Upsampling) -> None:
    assert doubling(6, 4, kind)(torch.rand(2, 6, 3, 5)).shape == (2, 4, 6, 10)


@pytest.mark.parametrize("kind", INTERPOLATED)
def test_what_flows_through_keeps_its_scale(kind: Upsampling) -> None:
    torch.manual_seed(0)
    flat = torch.randn(1, 256, 1, 1).expand(1, 256, 4, 4)
    assert 0.8 < doubling(256, 512, kind)(flat).std() < 1.2


def test_projecting_first_is_exact() -> None:
    """The same as interpolating first, on four times the pixels."""
    layer = ProjectedUpsampling(6, 4, "bilinear")
    coarse = torch.rand(2, 6, 5, 7)
    fine = nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear")
    expected = nn.functional.conv2d(fine, layer.weight, layer.bias)
    torch.testing.assert_close(layer(coarse), expected)


def test_a_shared_kernel_is_the_mean_over_the_four_pixels() -> None:
    transposed = nn.ConvTranspose2d(6, 4, 2, stride=2)
    layer = ProjectedUpsampling(6, 4, "nearest")
    layer.load_state_dict(
        {"weight": shared_kernel(transposed.weight), "bias": transposed.bias}
    )
    coarse = torch.rand(2, 6, 5, 7)
    mean = nn.functional.avg_pool2d(transposed(coarse), 2)
    torch.testing.assert_close(nn.functional.avg_pool2d(layer(coarse), 2), mean)


@pytest.mark.parametrize("upsampling", INTERPOLATED)
@pytest.mark.parametrize("variant", ["vitx8", "vitx16"])
def test_every_weight_learns(upsampling: Upsampling, variant: str) -> None:
    model = make(upsampling, variant).train()
    model(torch.rand(2, 1, 32, 32)).square().mean().backward()  # type: ignore[no-untyped-call]
    idle = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.count_nonzero()
    ]
    assert idle == []


@pytest.mark.parametrize("upsampling", INTERPOLATED)
def test_folding_batch_norm_keeps_the_map(upsampling: Upsampling) -> None:
    model, image = make(upsampling), torch.rand(1, 1, 32, 48)
    torch.testing.assert_close(
        fold_batch_norm(model)(image), model(image), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("upsampling", ALL)
def test_a_checkpoint_keeps_it(tmp_path: Path, upsampling: Upsampling) -> None:
    model, path = make(upsampling), tmp_path / "m.safetensors"
    save_checkpoint(path, model, CheckpointInfo(name="m", model=model.config))
    loaded, info = load_checkpoint(path)
    image = torch.rand(1, 1, 32, 32)
    assert info.model.upsampling == upsampling
    torch.testing.assert_close(loaded(image), model(image))


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    """Their names are the same; their shapes are not."""
    model, path = make("transposed"), tmp_path / "m.safetensors"
    save_checkpoint(path, model, CheckpointInfo(name="m", model=model.config))
    weights = path.read_bytes()
    wrong = weights.replace(
        b'upsampling\\": \\"transposed', b'upsampling\\": \\"bilinear'
    )
    assert wrong != weights
    size = int.from_bytes(wrong[:8], "little") - 2  # two letters fewer in the header
    path.write_bytes(size.to_bytes(8, "little") + wrong[8:])
    with pytest.raises(CheckpointError, match=r"expected .* for decoder\..*up\.weight"):
        load_checkpoint(path)


def test_a_file_from_before_there_was_a_choice_gives_the_same_map(
    tmp_path: Path,
) -> None:
    model, path = make("transposed"), tmp_path / "m.safetensors"
    save_checkpoint(path, model, CheckpointInfo(name="m", model=model.config))
    weights = path.read_bytes()
    entry = b'\\"upsampling\\": \\"transposed\\", '
    old = weights.replace(entry, b"")
    size = int.from_bytes(old[:8], "little") - len(entry)
    path.write_bytes(size.to_bytes(8, "little") + old[8:])
    loaded, info = load_checkpoint(path)
    image = torch.rand(1, 1, 32, 32)
    assert info.model == model.config
    assert torch.equal(loaded(image), model(image))
    doublings = [m.up for m in loaded.decoder.modules() if hasattr(m, "up")]
    assert [type(layer) for layer in doublings] == [nn.ConvTranspose2d] * 4


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(CheckpointError, match=r"transposed, bilinear, nearest, got"):
        ModelConfig(upsampling="cubic")  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="upsampling"):
        ModelConfig.from_dict({"upsampling": "cubic"})
