"""Targets that use all prototypes alike, by normalising in turns.

Source: Cuturi 2013, arXiv:1306.0895; as targets of self-distillation: SwAV (Caron et
al. 2020, arXiv:2006.09882, section 3.1) and DINOv2 (Oquab et al. 2023,
arXiv:2304.07193, section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

ITERATIONS = 3
"""As in both papers; the last normalisation is that of the rows."""


@torch.no_grad()
def sinkhorn_targets(
    logits: Tensor, *, temperature: float, iterations: int = ITERATIONS
) -> Tensor:
    """Soft assignments (N, K) of N teacher outputs to K prototypes, float32.

    Each row sums to 1, and the columns have nearly equal sums: constant outputs
    get equal targets, not one common prototype.
    """
    # In logarithms: exp(logit / 0.04) would leave float32 where logits grow.
    plan = logits.float() / temperature
    for _ in range(iterations):
        plan = plan - plan.logsumexp(0, keepdim=True)
        plan = plan - plan.logsumexp(1, keepdim=True)
    return plan.exp()
