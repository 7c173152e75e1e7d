"""Features that keep their distance: the Kozachenko-Leonenko estimate of entropy.

Source: Sablayrolles et al. 2019, arXiv:1806.03198, equation 3; as in DINOv2 (Oquab et
al. 2023, arXiv:2304.07193, section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST = 1e-8
"""Added to distances: equal features would cost infinitely much."""


def koleo_loss(features: Tensor) -> Tensor:
    """Mean negative logarithm of the distance to the nearest other direction.

    Parameters
    ----------
    features
        (N, C) of N > 1 different images; only their directions count.
    """
    directions = functional.normalize(features.float(), dim=-1)
    with torch.no_grad():
        likeness = directions @ directions.T
        likeness.fill_diagonal_(-2)
        nearest = likeness.argmax(1)
    distance = (directions - directions[nearest] + SMALLEST).norm(dim=-1)
    loss: Tensor = -(distance + SMALLEST).log().mean()
    return loss
