"""Random first weights, at no cost for a model that is about to be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


def fill_normal(weights: Tensor, *, std: float) -> None:
    """Draw normally distributed weights in place.

    Tensors on the meta device, which have no values, are left alone: torch would
    import its compiler to draw nothing, a second or more before the first tile.
    """
    if not weights.is_meta:
        nn.init.normal_(weights, std=std)
