"""Targets around a moving mean of the teacher's outputs.

Source: DINO (Caron et al. 2021, arXiv:2104.14294, section 3.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

MOMENTUM = 0.9
"""Of the mean per step, as in the paper."""


class Centre(nn.Module):
    """The mean (K,) that is taken off before the outputs are sharpened."""

    mean: Tensor

    def __init__(self, prototypes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(prototypes))

    @torch.no_grad()
    def targets(self, logits: Tensor, *, temperature: float) -> Tensor:
        """Probabilities (N, K), float32; the mean then moves towards these logits."""
        logits = logits.float()
        targets = ((logits - self.mean) / temperature).softmax(-1)
        self.mean.lerp_(logits.mean(0), 1 - MOMENTUM)
        return targets
