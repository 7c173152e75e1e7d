"""Patch embeddings at another patch size."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from napari_dinocell.engine.model.patch_resize import (
    resize_matrix,
    resize_patch_embedding,
)


def embed(image: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return F.conv2d(image, weight, stride=weight.shape[-1])


def test_same_size_changes_nothing() -> None:
    weight = torch.randn(4, 3, 8, 8)
    assert torch.equal(resize_patch_embedding(weight, 8), weight)


def test_halved_patches_see_an_image_as_if_it_were_doubled() -> None:
    """16 -> 8: the tokens are those of the image with each pixel doubled."""
    weight, image = torch.randn(4, 3, 16, 16), torch.randn(2, 3, 24, 32)
    doubled = F.interpolate(image, scale_factor=2, mode="nearest")
    found = embed(image, resize_patch_embedding(weight, 8))
    torch.testing.assert_close(found, embed(doubled, weight), atol=1e-4, rtol=1e-4)


def test_doubled_patches_keep_the_tokens_of_a_resized_patch() -> None:
    """8 -> 16: exact, as no pixel is lost."""
    weight, patch = torch.randn(4, 3, 8, 8), torch.randn(1, 3, 8, 8)
    larger = F.interpolate(patch, size=(16, 16), mode="bilinear")
    found = embed(larger, resize_patch_embedding(weight, 16))
    torch.testing.assert_close(found, embed(patch, weight), atol=1e-4, rtol=1e-4)


def test_halving_takes_the_mean_of_two_by_two_pixels() -> None:
    matrix = resize_matrix(4, 2)
    assert matrix.shape == (4, 16)
    first = torch.zeros(4, 4, dtype=torch.float64)
    first[:2, :2] = 0.25
    torch.testing.assert_close(matrix[0].view(4, 4), first)


def test_dtype_is_kept() -> None:
    weight = torch.randn(4, 3, 16, 16).half()
    assert resize_patch_embedding(weight, 8).dtype == torch.float16
