"""Fit a patch embedding to another patch size.

Source: FlexiViT (Beyer et al., 2023, arXiv:2212.08013, section 3.4): the pseudo-inverse
of bilinear resizing keeps the tokens of an image that is resized with its patches.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def resize_matrix(old: int, new: int) -> Tensor:
    """Bilinear resizing of a patch as a matrix, (new * new, old * old), float64."""
    basis = torch.eye(old * old, dtype=torch.float64).view(-1, 1, old, old)
    resized = F.interpolate(basis, size=(new, new), mode="bilinear")
    return resized.view(old * old, new * new).T


def resize_patch_embedding(weight: Tensor, patch_size: int) -> Tensor:
    """Resize the kernel of a patch embedding.

    Parameters
    ----------
    weight
        (C, 3, old, old).
    patch_size
        New side of a patch, in pixels.

    Returns
    -------
    (C, 3, patch_size, patch_size), same dtype. Its product with a resized patch is
    that of `weight` with the patch; when a patch shrinks, as closely as possible.
    """
    old = weight.shape[-1]
    if old == patch_size:
        return weight
    inverse = torch.linalg.pinv(resize_matrix(old, patch_size))  # (old², new²)
    resized = weight.double().flatten(2) @ inverse  # (C, 3, new²)
    kernel: Tensor = resized.view(*weight.shape[:2], patch_size, patch_size)
    return kernel.to(weight.dtype)
