"""A sample of a large image: the pixels of a regular grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLED_PIXELS = 2**22
"""Percentiles of larger planes come from a regular grid of their pixels."""


def sampled(image: NDArray[Any]) -> NDArray[Any]:
    """Pixels (N,) of a regular grid of an image of any shape; all if they are few."""
    stride = sampling_stride(image.shape)
    sample: NDArray[Any] = image[(slice(None, None, stride),) * image.ndim].ravel()
    return sample


def sampling_stride(shape: tuple[int, ...]) -> int:
    """Smallest step along every axis that keeps the sample below the limit."""
    stride = 1
    while np.prod([-(-n // stride) for n in shape], dtype=np.int64) > SAMPLED_PIXELS:
        stride += 1
    return stride
