"""How far a predicted distance map is from its target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def distance_loss(
    logits: Tensor, target: Tensor, verified: Tensor, *, kind: Literal["mse", "bce"]
) -> Tensor:
    """Mean loss over the verified pixels; a scalar tensor.

    Parameters
    ----------
    logits, target
        (B, 1, Y, X), float; the target lies in [0, 1].
    verified
        (B, 1, Y, X), 1 where the annotation is trusted, 0 where it says nothing.
    kind
        "mse" compares after the sigmoid (the literature's choice). "bce" is the
        cross-entropy against the soft target: it has the same minimum, but its
        gradient does not vanish where the sigmoid saturates.
    """
    logits, target = logits.float(), target.float()
    if kind == "mse":
        loss = (torch.sigmoid(logits) - target).square()
    else:
        loss = functional.binary_cross_entropy_with_logits(
            logits, target, reduction="none"
        )
        # Subtract the entropy of the target itself, so that a perfect map costs 0.
        safe = target.clamp(1e-6, 1 - 1e-6)
        loss = loss + safe * safe.log() + (1 - safe) * (1 - safe).log()
    return (loss * verified).sum() / verified.sum().clamp(min=1.0)
