"""What the student says of each view, against what the teacher says of the others.

Source: DINO (Caron et al. 2021, arXiv:2104.14294, equation 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def distillation_loss(
    student: Tensor, targets: Tensor, *, temperature: float
) -> Tensor:
    """Mean cross-entropy over all pairs of a student's and another teacher's view.

    Parameters
    ----------
    student
        Logits (V, B, K); the first U views are those that the teacher saw, too.
    targets
        Probabilities (U, B, K) of the teacher.
    temperature
        The student's.
    """
    log_said = (student.float() / temperature).log_softmax(-1)
    pairs = [
        -(targets[u] * log_said[v]).sum(-1).mean()
        for u in range(len(targets))
        for v in range(len(log_said))
        if u != v  # a view says nothing new of itself
    ]
    total: Tensor = sum(pairs[1:], start=pairs[0])
    return total / len(pairs)
